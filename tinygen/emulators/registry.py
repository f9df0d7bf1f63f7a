"""The emulators there are, and which one runs a board."""

from __future__ import annotations

from tinygen.boards import Board
from tinygen.emulators.facts import model_of
from tinygen.emulators.host import Host
from tinygen.emulators.interface import Emulator
from tinygen.emulators.qemu import Qemu
from tinygen.errors import UsageError

AUTO = "auto"


def emulators() -> tuple[Emulator, ...]:
    """Every emulator."""
    return (Host(), Qemu())


def choose(name: str, board: Board) -> Emulator:
    """The emulator that runs a board.

    Args:
        name: of an emulator, or "auto": the first of the board's that is installed.
        board: the board.

    Raises:
        UsageError: for an unknown emulator, or one that does not run the board.
        ToolError: when it is not installed; for "auto", when none of the board's is.
    """
    known = {emulator.name: emulator for emulator in emulators()}
    if name != AUTO and name not in known:
        raise UsageError(
            f"There is no emulator {name[:80]!r}.", why=[f"Emulators: {AUTO}, {', '.join(known)}."]
        )
    names = [model.name for model in board.emulators] if name == AUTO else [model_of(board, name).name]
    candidates = [known[each] for each in names if each in known]
    if not candidates:
        raise UsageError(f"{board.name} runs in no emulator.", why=[f"Emulators: {', '.join(known)}."])
    problems = [(emulator, emulator.missing(board)) for emulator in candidates]
    for emulator, problem in problems:
        if problem is None:
            return emulator
    first = problems[0][1]
    assert first is not None
    raise first
