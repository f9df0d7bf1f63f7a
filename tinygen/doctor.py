"""What is installed, what works, and the command that gets what does not."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen import boards
from tinygen.emulators import emulators
from tinygen.emulators.qemu_plugin import api_version, compile_plugin
from tinygen.oracle import tflm

_LINK_SECONDS = 60
_PROGRAM = '#include <math.h>\n#include <string.h>\nint main(void) { return (int)strlen(""); }\n'
_NO_SYSTEM = "--specs=nosys.specs"
_INSTALL = {
    ("Linux", "arm"): "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    ("Darwin", "arm"): "brew install --cask gcc-arm-embedded",
    ("Linux", "native"): "sudo apt-get install gcc libc6-dev",
    ("Darwin", "native"): "xcode-select --install",
}


@dataclass(frozen=True)
class Check:
    """The state of one tool.

    Attributes:
        name: of the tool.
        purpose: what it is for.
        works: whether it was found and, where that can be tried, worked.
        found: version and path, or what failed.
        remedy: command that installs it; "" where it works.
        needed: whether firmware cannot be built without it.
    """

    name: str
    purpose: str
    works: bool
    found: str
    remedy: str = ""
    needed: bool = True


def examine() -> tuple[Check, ...]:
    """Look at every tool: compilers are test-linked, the instruction counter is compiled."""
    return (*_packages(), *_compilers(), *_emulators(), _counter(), _oracle())


def _packages() -> Iterator[Check]:
    for name, purpose in (
        ("platformio", "builds and flashes firmware"),
        ("scons", "PlatformIO's build engine"),
    ):
        try:
            yield Check(name, purpose, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, purpose, False, "not installed", f"{sys.executable} -m pip install {name}")


def _compilers() -> Iterator[Check]:
    seen: set[str] = set()
    for board in boards.all_boards():
        if board.arch in seen:
            continue
        seen.add(board.arch)
        target = board.target()
        name = f"{target.compiler.prefixes[0]}gcc"
        purpose = (
            f"compiles for {board.id}" if board.arch == "native" else f"compiles for {board.arch} boards"
        )
        path = next(filter(None, (shutil.which(f"{prefix}gcc") for prefix in target.compiler.prefixes)), None)
        remedy = _INSTALL.get((platform.system(), board.arch), f"install {name} and put it on PATH")
        if path is None:
            yield Check(name, purpose, False, "not on PATH", remedy)
            continue
        flags = target.compiler.flags if board.arch == "native" else (*target.compiler.flags, _NO_SYSTEM)
        problem = _test_link(path, flags)
        yield Check(
            name,
            purpose,
            not problem,
            problem or f"{_first_line([path, '-dumpversion'])} at {path}, links",
            remedy if problem else "",
        )


def _test_link(compiler: str, flags: Sequence[str]) -> str:
    """What a program with the C library's headers fails with; "" when it links.

    A compiler on PATH proves little: Homebrew's arm-none-eabi-gcc comes without a C library.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(_PROGRAM, encoding="ascii")
        try:
            made = subprocess.run(
                [compiler, *flags, str(source), "-o", str(source.with_suffix(".out"))],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LINK_SECONDS,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return f"does not run: {error}"
    lines = [line for line in made.stderr.splitlines() if "error" in line] or made.stderr.splitlines()
    return "" if made.returncode == 0 else f"does not link: {lines[0][:160] if lines else 'no message'}"


def _first_line(command: Sequence[str]) -> str:
    try:
        made = subprocess.run(
            command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown version"
    return made.stdout.partition("\n")[0]


def _emulators() -> Iterator[Check]:
    for emulator in emulators():
        fitting = [board for board in boards.all_boards() if board.emulator(emulator.name)]
        if not fitting or emulator.name == "host":
            continue
        problem = emulator.missing(fitting[0])
        path = shutil.which("qemu-system-arm")
        yield Check(
            emulator.name,
            "runs firmware without a board",
            problem is None,
            problem.message.rstrip(".") if problem else _first_line([path or "", "--version"]),
            problem.hints[0].removeprefix("Install it: ") if problem and problem.hints else "",
            needed=False,
        )


def _counter() -> Check:
    name, purpose = "instruction counter", "counts instructions exactly in QEMU"
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        return Check(name, purpose, False, "QEMU is not installed", needed=False)
    plugin = compile_plugin(api_version(qemu))
    if plugin is None:
        remedy = _INSTALL.get((platform.system(), "native"), "")
        found = "cannot be compiled: a timer of the board counts, with a coarser resolution"
        return Check(name, purpose, False, found, remedy, needed=False)
    return Check(name, purpose, True, f"compiled: {plugin}", needed=False)


def _oracle() -> Check:
    name, purpose = "tflite-micro", "the oracle that `tinygen test` compares with"
    try:
        return Check(name, purpose, True, importlib.metadata.version(name), needed=False)
    except importlib.metadata.PackageNotFoundError:
        error = tflm.missing_wheel()
        remedy = error.hints[0].removeprefix("Install it: ")
        return Check(name, purpose, False, "not installed", remedy, needed=False)
