"""What an emulator is: something that runs an image and answers over its console."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from tinygen.boards import Board
from tinygen.emulators.protocol import ModelInfo, TraceRange
from tinygen.errors import ToolError

__all__ = ["Counter", "Emulator", "Image", "Inference", "Session", "TraceRange"]


class Counter(enum.Enum):
    """How the counts of an Inference were made.

    PLUGIN: executed instructions, counted by the emulator; exact.
    TIMER: instructions, read from a timer of the board while the emulator lets each instruction take the same
        time; exact but for the timer's resolution.
    NONE: nothing is counted.
    """

    PLUGIN = "plugin"
    TIMER = "timer"
    NONE = "none"

    @property
    def unit(self) -> Literal["instructions", "none"]:
        """What one count is: "instructions" or "none"."""
        return "none" if self is Counter.NONE else "instructions"


@dataclass(frozen=True)
class Image:
    """A program to run.

    Attributes:
        path: ELF file, or the program of the host.
        model: name of the model that a session serves; None for the image's only one.
        digest: SHA-256 in hexadecimal that the model must report; None for any.
    """

    path: Path
    model: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Inference:
    """What a run gave.

    Attributes:
        outputs: bytes of each output.
        layers: count of each step, without the cost of counting; None where nothing is counted.
        total: count of the whole run, the layers and what is between them; None likewise.
        stack: bytes of stack that the run used; None where it cannot be measured.
    """

    outputs: tuple[bytes, ...]
    layers: tuple[int, ...] | None
    total: int | None
    stack: int | None


class Session(Protocol):
    """A running image, and one model of it. A context manager: leaving it ends the process.

    Every method raises BudgetError when the firmware does not answer in time, and ToolError when it faults,
    ends, refuses or answers something damaged.

    Attributes:
        model: what the firmware says about the model.
        counter: how counts are made.
    """

    @property
    def model(self) -> ModelInfo: ...  # noqa: D102
    @property
    def counter(self) -> Counter: ...  # noqa: D102

    def reset(self) -> None:
        """Clear the model's state."""
        ...

    def run(self, inputs: Sequence[bytes]) -> Inference:
        """One inference.

        Args:
            inputs: bytes of each input.
        """
        ...

    def trace(self, inputs: Sequence[bytes], ranges: Sequence[TraceRange]) -> tuple[bytes, ...]:
        """One inference, of which the bytes of each range are returned, as they are right after its step."""
        ...

    def close(self) -> None:
        """End the process; may be called again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Emulator(Protocol):
    """Runs images of boards.

    Attributes:
        name: as on the command line.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def machine(self, board: Board) -> str:
        """The emulator's name for the board.

        Raises:
            UsageError: when it has no model of the board.
        """
        ...

    def missing(self, board: Board) -> ToolError | None:
        """What has to be installed before `start`, and how; None when all is there."""
        ...

    def start(self, image: Image, board: Board, timeout: float) -> Session:
        """Run an image.

        Args:
            image: built for `board`.
            board: one that has a model in this emulator.
            timeout: seconds that the start and each request may take.

        Raises:
            BudgetError: when the firmware does not say hello in time.
            ToolError: when something is missing, the emulator fails, or the image is another program.
            UsageError: when the emulator has no model of the board.
        """
        ...
