"""The errors a user can cause, with what to try and the exit code each ends in.

Exit codes (docs/ERRORS.md): 0 ok, 1 mismatch, 2 usage, 3 model not supported or damaged,
4 board or memory does not fit, 5 tool missing or failed, 6 budget exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class TinygenError(Exception):
    """What failed, why, and what to try; the command line prints it without a traceback.

    Args:
        message: what failed: a sentence that begins with a capital letter or a name.
        why: the rule or the observation behind it; one string a line.
        hints: what the user can try, most promising first, printed numbered: sentences, or a command to copy
            after a colon ("Install it: …").
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, why: Sequence[str] = (), hints: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.why = tuple(why)
        self.hints = tuple(hints)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {line}" for line in self.why)]
        if self.hints:
            lines.append("Things to try:")
            lines += [f"  {number}. {hint}" for number, hint in enumerate(self.hints, 1)]
        return "\n".join(lines)


class MismatchError(TinygenError):
    """The firmware computed something else than the oracle."""

    exit_code = 1


class UsageError(TinygenError):
    """Arguments, configuration or input files that make no sense."""

    exit_code = 2


class ModelError(TinygenError):
    """The model is damaged or uses what tinygen does not support."""

    exit_code = 3


class FitError(TinygenError):
    """The model does not fit the board, or the board's facts are wrong."""

    exit_code = 4


class ToolError(TinygenError):
    """A tool (compiler, PlatformIO, emulator, oracle) is missing or failed."""

    exit_code = 5


class BudgetError(TinygenError):
    """A time-out or a stated budget was exceeded."""

    exit_code = 6
