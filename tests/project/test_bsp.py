"""The board's own code on the emulated Cortex-M: console, counter, stack, faults, C library."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygen import boards
from tinygen.project import build, plan_project, write

pytestmark = [
    pytest.mark.platformio,
    pytest.mark.arm,
    pytest.mark.qemu,
    pytest.mark.usefixtures("offline", "arm_gcc"),
]

M4 = "mps2-an386"
TIMEOUT = 20.0

MAIN = r"""
#include "tinygen_bsp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int initialised = 42;
static int zeroed;

__attribute__((constructor)) static void construct(void) { zeroed += 7; }

static int deeper(volatile int *above)
{
    volatile int frame[4];

    frame[0] = *above + 1;
    return deeper(frame) + frame[0];
}

static void facts(void)
{
    const struct tg_stack_limits stack = tg_stack_limits();
    uint8_t here;
    char *heap = malloc(100);
    const uint32_t before = tg_ticks();

    for (volatile int i = 0; i < 1000; i++) {
    }
    strcpy(heap, "heap");
    printf("data %d, bss %d, %s, stack %u, inside %d, ticks %d at %lu Hz, float %.2f\n",
           initialised, zeroed, heap, (unsigned)(stack.high - stack.low),
           &here >= stack.low && &here < stack.high, tg_ticks() > before,
           (unsigned long)tg_ticks_hz(), (double)initialised / 8);
    fflush(stdout);
    free(heap);
}

int main(void)
{
    volatile int zero = 0;

    tg_console_init();
    for (;;) {
        const int command = tg_console_read();

        switch (command) {
        case 'f':
            facts();
            break;
        case 'o':
            return deeper(&zero);
        case 'u':
            __asm__ volatile("udf #0");
            break;
        case 'b':
            return *(volatile int *)0x30000000;
        default: {
            const uint8_t echo = (uint8_t)command;

            tg_console_write(&echo, 1);
        }
        }
    }
}
"""

Talk = Callable[[bytes, bytes], bytes]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, core_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("bsp")
    write(plan_project([], boards.load(M4)), folder)
    (folder / "src" / "main.c").write_text(MAIN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGEN_OFFLINE", "1")
        # newlib-nano leaves %f out unless it is asked for.
        patch.setenv("PLATFORMIO_BUILD_FLAGS", "-Wl,-u,_printf_float")
        return build(folder, M4, core_dir=core_dir, baseline=False).image


@pytest.fixture
def talk(image: Path) -> Talk:
    """Send bytes to the image in QEMU and read until the answer is there."""
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is missing: sudo apt install qemu-system-arm")

    def run(sent: bytes, answer: bytes) -> bytes:
        command = [
            qemu,
            "-M",
            M4,
            "-display",
            "none",
            "-nodefaults",
            "-serial",
            "stdio",
            "-kernel",
            str(image),
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert process.stdin
        assert process.stdout
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        try:
            process.stdin.write(sent)
            received = b""
            while not re.search(answer, received, re.DOTALL):
                byte = process.stdout.read(1)
                if not byte:
                    pytest.fail(f"no {answer!r} within {TIMEOUT} s, but {received!r}")
                received += byte
            return received
        finally:
            watchdog.cancel()
            process.kill()
            process.communicate()

    return run


def test_every_byte_passes_the_console_both_ways(talk: Talk) -> None:
    data = bytes(sorted(set(range(256)) - set(b"foub"))) * 4
    assert talk(data, re.escape(data)) == data


def test_memory_constructors_heap_stack_and_counter(talk: Talk) -> None:
    stack = boards.load(M4).stack_size
    expected = f"data 42, bss 7, heap, stack {stack}, inside 1, ticks 1 at 25000000 Hz, float 5.25\n"
    assert talk(b"f", rb"\n") == expected.encode()


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        (b"u", [b"HardFault", b" pc=", b" cfsr=00010000"]),
        (b"b", [b"HardFault", b" pc=", b" address=30000000"]),
        (b"o", [b"HardFault stack overflow"]),
    ],
)
def test_a_fault_is_one_line_on_the_console(talk: Talk, command: bytes, parts: list[bytes]) -> None:
    line = talk(command, rb"\nFAULT [^\n]*\n")
    for part in parts:
        assert part in line
