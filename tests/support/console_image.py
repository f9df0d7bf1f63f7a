"""Images of the console application with made-up models, built with the bare compilers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tinygen import resources
from tinygen.boards import Board

SOURCES = Path(__file__).parent.parent / "firmware"
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror"]


def build(compiler: str, board: Board, folder: Path, *options: str, main: str = "fake_main.c") -> Path:
    """Build the application for a board.

    Args:
        compiler: executable.
        board: gives drivers, start-up and machine flags.
        folder: where the image goes.
        options: further ones to the compiler.
        main: source in tests/firmware/ to build with the made-up models.
    """
    bsp = resources.firmware() / "platform" / "bsp"
    app = resources.firmware() / "app"
    startup = sorted((bsp / "startup" / str(board.framework.startup)).glob("*.c"))
    sources = [
        *sorted(app.glob("*.c")),
        *startup,
        bsp / "console" / f"{board.console.driver}.c",
        bsp / "ticks" / f"{board.counter.driver}.c",
        SOURCES / "fake_models.c",
        SOURCES / main,
    ]
    facts = {
        "TG_CONSOLE_BASE": board.console.base,
        "TG_CONSOLE_BAUD": board.console.baud,
        "TG_TICKS_BASE": board.counter.base,
        "TG_TICKS_HZ": board.counter.hz,
        "TG_CLOCK_HZ": board.clock_hz,
    }
    image = folder / f"{Path(main).stem}-{board.id}"
    link = [] if board.arch == "native" else ["-nostartfiles", "-T", str(SOURCES / "mps2.ld")]
    command = [
        compiler,
        *WARNINGS,
        "-O2",
        *board.compiler.flags,
        *(f"-D{name}={value}u" for name, value in facts.items()),
        f"-I{bsp / 'include'}",
        f"-I{app}",
        *options,
        *map(str, sources),
        *link,
        "-o",
        str(image),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return image
