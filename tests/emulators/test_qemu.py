"""The console application on QEMU's Cortex-M4F board."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.console_image import build
from tinygen import boards, resources
from tinygen.emulators import Counter, Image, Session, TraceRange
from tinygen.emulators import qemu as qemu_module
from tinygen.emulators.qemu import Qemu
from tinygen.emulators.qemu_plugin import api_version, compile_plugin, markers
from tinygen.errors import BudgetError, ToolError

BOARD = boards.load("mps2-an386")
EVERY_BYTE = bytes(range(256))
QUIET = b"\xc0\xdb\x00\xff"
INPUTS = [EVERY_BYTE, QUIET]
HANG, FAULT = b"\xe1\0\0\0", b"\xe2\0\0\0"
TICK = 40  # instructions, at 25 MHz and one a nanosecond
pytestmark = [pytest.mark.arm, pytest.mark.qemu, pytest.mark.usefixtures("qemu")]


def start(image: Path, model: str = "mirror", timeout: float = 20, plugin: bool = True) -> Session:
    return Qemu(plugin=plugin).start(Image(image, model), BOARD, timeout)


@pytest.mark.parametrize("plugin", [True, False])
def test_a_run_returns_the_outputs(arm_image: Path, plugin: bool) -> None:
    with start(arm_image, plugin=plugin) as session:
        for data in (EVERY_BYTE, EVERY_BYTE[::-1], b"\xc0" * 256, b"\x01" * 256):
            assert session.run([data, QUIET]).outputs == (data, QUIET)


def test_trace_shows_the_arena_after_each_step(arm_image: Path) -> None:
    ranges = [TraceRange(1, 0, 256), TraceRange(0, 0, 256), TraceRange(1, 528, 4)]
    with start(arm_image) as session:
        assert session.trace(INPUTS, ranges) == (bytes(256), EVERY_BYTE, QUIET)


def test_counts_repeat_and_add_up(arm_image: Path) -> None:
    with start(arm_image) as session:
        first, *others = (session.run(INPUTS) for _ in range(4))
        assert session.counter is Counter.PLUGIN
    assert first.layers is not None
    assert first.total is not None
    assert first.total - sum(first.layers) in range(12)
    assert others == [first] * 3


def test_plugin_and_timer_agree(arm_image: Path) -> None:
    with start(arm_image) as session:
        exact = session.run(INPUTS)
    with start(arm_image, plugin=False) as session:
        timed = session.run(INPUTS)
        assert session.counter is Counter.TIMER
    assert exact.layers is not None
    assert timed.layers is not None
    assert exact.total is not None
    assert timed.total is not None
    # Both the interval and the overhead taken off it are rounded to a tick.
    for one, other in zip(exact.layers, timed.layers, strict=True):
        assert abs(one - other) <= 2 * TICK
    assert abs(exact.total - timed.total) <= 2 * TICK * (len(exact.layers) + 1)
    assert exact.stack == timed.stack


def test_more_work_is_counted_to_the_instruction(arm_compiler: str, tmp_path: Path) -> None:
    """Iterations of a loop: the count grows by a whole number of instructions for each."""
    layers = []
    for work in (1000, 1777):
        image = build(arm_compiler, BOARD, tmp_path, f"-DFAKE_WORK={work}")
        with start(image) as session:
            counted = session.run(INPUTS).layers
            assert counted is not None
            layers.append(counted)
    first, second = (layers[1][layer] - layers[0][layer] for layer in (0, 1))
    assert first % 777 == 0
    assert first // 777 in (2, 3, 4)
    assert second == 2 * first


def test_blocks_of_one_instruction_give_the_same_counts(arm_image: Path, qemu: str) -> None:
    """The plugin counts by blocks; this makes sure that none is left half-way."""
    version = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = map(int, re.findall(r"\d+", version)[:2])
    single = ("-accel", "tcg,one-insn-per-tb=on") if (major, minor) >= (8, 1) else ("-singlestep",)
    model = BOARD.emulators[0].model_copy(update={"arguments": single})
    board = BOARD.model_copy(update={"emulators": (model,)})
    with Qemu().start(Image(arm_image, "mirror"), board, 20) as session:
        one_by_one = session.run(INPUTS)
        assert session.counter is Counter.PLUGIN
    with start(arm_image) as session:
        assert session.run(INPUTS) == one_by_one


def test_stack_is_that_of_the_run(arm_compiler: str, tmp_path: Path) -> None:
    used = []
    for size in (256, 2048):
        image = build(arm_compiler, BOARD, tmp_path, f"-DFAKE_STACK={size}")
        with start(image) as session:
            stack = session.run(INPUTS).stack
            assert stack is not None
            used.append(stack)
    assert used[0] in range(256, 256 + 64)
    assert used[1] - used[0] == 2048 - 256


def test_state_lives_from_reset_to_reset(arm_image: Path) -> None:
    with start(arm_image, "tally") as session:
        assert [session.run([b"\0"]).outputs for _ in range(2)] == [(b"\1",), (b"\2",)]
        session.reset()
        assert session.run([b"\0"]).outputs == (b"\1",)


def test_a_hanging_model_exceeds_the_budget(arm_image: Path) -> None:
    with start(arm_image, timeout=1) as session, pytest.raises(BudgetError, match="did not answer RUN"):
        session.run([EVERY_BYTE, HANG])


def test_a_fault_is_told_at_once(arm_image: Path) -> None:
    with (
        start(arm_image, timeout=60) as session,
        pytest.raises(ToolError, match=r"stopped with a fault\.\n.*Fault"),
    ):
        session.run([EVERY_BYTE, FAULT])


def test_another_program_is_told_by_its_symbols(arm_compiler: str, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text("void tg_reset(void) { for (;;) {} }\n")
    image = tmp_path / "other.elf"
    subprocess.run([arm_compiler, "-nostdlib", "-Wl,-e,tg_reset", source, "-o", image], check=True)
    with pytest.raises(ToolError, match="does not have tinygen's console application"):
        start(image)
    with pytest.raises(ToolError, match="is not an ELF file"):
        start(source)
    with pytest.raises(ToolError, match="cannot be read"):
        start(tmp_path / "nothing.elf")


@pytest.mark.parametrize("plugin", [True, False])
def test_a_silent_firmware_exceeds_the_budget(arm_compiler: str, tmp_path: Path, plugin: bool) -> None:
    image = build(arm_compiler, BOARD, tmp_path, main="silent_main.c")
    with pytest.raises(BudgetError, match="did not say hello") as caught:
        start(image, timeout=1, plugin=plugin)
    assert "The console gave no output." in str(caught.value)


@pytest.mark.parametrize("plugin", [True, False])
def test_what_qemu_says_is_shown(arm_image: Path, plugin: bool) -> None:
    model = BOARD.emulators[0].model_copy(update={"machine": "no-such-machine"})
    board = BOARD.model_copy(update={"emulators": (model,)})
    with pytest.raises(ToolError, match=r"stderr: .*unsupported machine"):
        Qemu(plugin=plugin).start(Image(arm_image, "mirror"), board, 20)


def test_a_stall_of_qemu_shows_that_it_runs(arm_image: Path) -> None:
    with (
        start(arm_image, timeout=0.5) as session,
        pytest.raises(BudgetError, match=r"qemu.* is still running"),
    ):
        session.run([EVERY_BYTE, HANG])


def test_without_a_compiler_the_timer_counts(arm_image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu_module, "compile_plugin", lambda version: None)
    with start(arm_image) as session:
        assert session.counter is Counter.TIMER


def test_a_refused_plugin_falls_back_to_the_timer(
    arm_image: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "plugin, broken.so"
    broken.write_bytes(b"no shared object")
    monkeypatch.setattr(qemu_module, "compile_plugin", lambda version: broken)
    with start(arm_image) as session:
        assert session.counter is Counter.TIMER
        assert session.run(INPUTS).outputs == tuple(INPUTS)


def test_a_plugin_of_a_version_that_qemu_refuses_falls_back(
    arm_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu_module, "api_version", lambda qemu: 99)
    with start(arm_image) as session:
        assert session.counter is Counter.TIMER


def test_the_plugin_compiles_for_every_api_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    plugins = [compile_plugin(version) for version in (1, 2, 2)]
    assert plugins[1] == plugins[2] != plugins[0]
    assert all(plugin is not None and plugin.is_file() for plugin in plugins)
    assert len(list((tmp_path / "tinygen" / "qemu").iterdir())) == 2


def test_the_plugin_s_source_is_clean(tmp_path: Path) -> None:
    source = resources.firmware() / "qemu" / "counter.c"
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
    subprocess.run(["gcc", *warnings, "-fPIC", "-c", source, "-o", tmp_path / "counter.o"], check=True)


def test_an_unwritable_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tinygen").write_text("a file where the folder should be")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    assert compile_plugin(1) is None


def test_the_api_version_follows_qemu(tmp_path: Path) -> None:
    for text, version in (("QEMU emulator version 7.2.22 (Debian)", 1), ("QEMU emulator version 10.0.2", 2)):
        program = tmp_path / "qemu"
        program.write_text(f"#!/bin/sh\necho '{text}'\n")
        program.chmod(0o755)
        assert api_version(str(program)) == version
    assert api_version(str(tmp_path / "missing")) == 1


def test_markers_are_instruction_addresses(arm_image: Path) -> None:
    begin, end = markers(arm_image)
    assert begin != end
    assert not (begin | end) & 1


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Qemu().missing(BOARD) is None
    monkeypatch.setattr(shutil, "which", lambda name: None)
    problem = Qemu().missing(BOARD)
    assert problem is not None
    assert "qemu-system-arm" in str(problem)
    assert "install" in problem.hints[0]
