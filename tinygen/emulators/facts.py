"""What a board says about its models in emulators."""

from __future__ import annotations

from tinygen.boards import Board, EmulatorFacts
from tinygen.errors import UsageError


def model_of(board: Board, emulator: str) -> EmulatorFacts:
    """The board's model in `emulator`.

    Raises:
        UsageError: when it has none.
    """
    model = board.emulator(emulator)
    if model is None:
        others = ", ".join(model.name for model in board.emulators)
        raise UsageError(
            f"{board.name} does not run in emulator {emulator!r}.",
            why=[f"Its emulators: {others or 'none'}."],
            hints=["Choose another with --emulator, or leave it at auto."] if others else [],
        )
    return model
