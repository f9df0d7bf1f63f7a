"""QEMU's system emulation, with the board's UART on a pipe."""

from __future__ import annotations

import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tinygen.boards import Board, EmulatorFacts
from tinygen.emulators.facts import model_of
from tinygen.emulators.interface import Image, Session
from tinygen.emulators.process import ChildProcess
from tinygen.emulators.qemu_plugin import PluginCount, api_version, compile_plugin, markers
from tinygen.emulators.session import Count, NoCount, TimerCount, open_session
from tinygen.emulators.transport import PipeTransport
from tinygen.errors import ToolError

_EXECUTABLES = {"arm": "qemu-system-arm", "riscv": "qemu-system-riscv32", "xtensa": "qemu-system-xtensa"}
_PACKAGES = {"arm": "qemu-system-arm", "riscv": "qemu-system-misc", "xtensa": "qemu-system-misc"}
_INSTRUCTIONS_PER_SECOND = 10**9
"""With `-icount shift=0` an instruction takes one virtual nanosecond (QEMU's docs/devel/tcg-icount.rst)."""
_LOG = "counts.txt"


@dataclass(frozen=True)
class Qemu:
    """Runs an ELF file on a board that QEMU models.

    A plugin counts instructions where it can be compiled and QEMU takes it, else the board's timer does.

    Attributes:
        plugin: whether to try the plugin.
    """

    name: str = "qemu"
    plugin: bool = True

    def machine(self, board: Board) -> str:
        """See `Emulator.machine`."""
        return model_of(board, self.name).machine

    def missing(self, board: Board) -> ToolError | None:
        """See `Emulator.missing`."""
        executable = _EXECUTABLES.get(board.arch, "qemu-system-arm")
        if shutil.which(executable):
            return None
        brew = platform.system() == "Darwin"
        command = "brew install qemu" if brew else f"sudo apt-get install {_PACKAGES[board.arch]}"
        return ToolError(
            f"{executable} is not installed.",
            why=[f"QEMU runs the image for {board.name}; no such program is on PATH."],
            hints=[f"Install it: {command}"],
        )

    def start(self, image: Image, board: Board, timeout: float) -> Session:
        """See `Emulator.start`."""
        facts = model_of(board, self.name)
        problem = self.missing(board)
        if problem is not None:
            raise problem
        executable = shutil.which(_EXECUTABLES[board.arch])
        assert executable is not None
        bounds = markers(image.path)
        command = [executable, *_arguments(facts, image.path)]
        session = _start_with_plugin(command, bounds, image, timeout) if self.plugin else None
        if session is not None:
            return session
        process = ChildProcess([*command, "-icount", "shift=0"])
        return open_session(PipeTransport(process), image, timeout, _timer(board))


def _start_with_plugin(
    command: list[str], bounds: tuple[int, int], image: Image, timeout: float
) -> Session | None:
    version = api_version(command[0])
    while (plugin := compile_plugin(version)) is not None:
        options = f"{_escaped(plugin)},begin={bounds[0]:#x},end={bounds[1]:#x},log={_LOG}"
        process = ChildProcess([*command, "-plugin", options])
        try:
            count = PluginCount(process.folder / _LOG)
            return open_session(PipeTransport(process), image, timeout, count)
        except ToolError:
            refusal = "\n".join(line for line in process.stderr() if "plugin" in line)
            if not refusal:
                raise
            # QEMU's plugins/loader.c; a QEMU built without plugins does not know the option.
            least = re.search(r"minimum version of (\d+)", refusal)
            if least is None or int(least[1]) <= version:
                return None
            version = int(least[1])
    return None


def _timer(board: Board) -> Count:
    if board.counter.hz == 0:
        return NoCount()
    return TimerCount(_INSTRUCTIONS_PER_SECOND // board.counter.hz)


def _arguments(facts: EmulatorFacts, image: Path) -> list[str]:
    # Not -nographic: it gives the console to a multiplexer, which eats 0x01. signal=off leaves Ctrl-C to us.
    console = ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    return [
        *("-machine", facts.machine, "-display", "none", "-monitor", "none", "-parallel", "none"),
        *console,
        *("-kernel", str(image.absolute())),
        *facts.arguments,
    ]


def _escaped(path: Path) -> str:
    # A comma ends a value of QEMU's options; two stand for one.
    return str(path).replace(",", ",,")
