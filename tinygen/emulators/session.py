"""The session that every emulator gives out: the console client, its transport and a counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from tinygen.emulators.interface import Counter, Image, Inference
from tinygen.emulators.protocol import ConsoleClient, FirmwareInfo, ModelInfo, RunReply, TraceRange, Transport
from tinygen.errors import ToolError


@dataclass(frozen=True)
class Intervals:
    """Counts of a run's intervals, each with the cost of counting in it.

    Attributes:
        overhead: of an interval with no layer in it.
        layers: of each step.
        tail: from the last step to the end.
    """

    overhead: int
    layers: tuple[int, ...]
    tail: int

    def net(self) -> tuple[tuple[int, ...], int]:
        """Counts of the layers and of the whole run, without the cost of counting."""
        layers = tuple(max(0, count - self.overhead) for count in self.layers)
        return layers, sum(layers) + max(0, self.tail - self.overhead)


class Count(Protocol):
    """Where the counts of a run come from."""

    @property
    def kind(self) -> Counter:
        """What a count is."""
        ...

    def intervals(self, reply: RunReply) -> Intervals | None:
        """The counts of the run that gave `reply`, the latest one.

        Raises:
            ToolError: when they cannot be had.
        """
        ...


@dataclass(frozen=True)
class NoCount:
    """Nothing is counted."""

    kind: Counter = Counter.NONE

    def intervals(self, reply: RunReply) -> None:
        """None."""


@dataclass(frozen=True)
class TimerCount:
    """Instructions by the board's timer, where every instruction takes the same time.

    Attributes:
        instructions_per_tick: of the timer.
    """

    instructions_per_tick: int
    kind: Counter = Counter.TIMER

    def intervals(self, reply: RunReply) -> Intervals:
        """The timer's readings, in instructions."""
        factor = self.instructions_per_tick
        return Intervals(
            reply.overhead * factor, tuple(ticks * factor for ticks in reply.layers), reply.tail * factor
        )


class ConsoleSession:
    """A `Session` over the console protocol.

    Args:
        client: connected.
        firmware: what it said.
        model: the model served.
        count: where counts come from.
    """

    def __init__(self, client: ConsoleClient, firmware: FirmwareInfo, model: ModelInfo, count: Count) -> None:
        self._client = client
        self._firmware = firmware
        self._model = model
        self._count = count

    @property
    def model(self) -> ModelInfo:
        """What the firmware says about the model."""
        return self._model

    @property
    def counter(self) -> Counter:
        """How counts are made."""
        return self._count.kind

    def reset(self) -> None:
        """Clear the model's state."""
        self._client.reset(self._model)

    def run(self, inputs: Sequence[bytes]) -> Inference:
        """One inference; see `Session.run`."""
        reply = self._client.run(self._model, inputs)
        intervals = self._count.intervals(reply)
        layers, total = intervals.net() if intervals else (None, None)
        return Inference(reply.outputs, layers, total, reply.stack)

    def trace(self, inputs: Sequence[bytes], ranges: Sequence[TraceRange]) -> tuple[bytes, ...]:
        """One inference with parts of the arena; see `Session.trace`.

        More ranges than the firmware takes at once are captured by several runs.

        Raises:
            ToolError: when several runs would be needed and the model has state, which each run advances.
        """
        most = self._firmware.trace_ranges
        if len(ranges) > most and self._model.state_bytes:
            raise ToolError(
                f"{self._model.name} has state, and {len(ranges)} ranges cannot be traced in one run.",
                why=[f"The firmware takes {most} at once."],
                hints=[f"Build it with -DTG_APP_TRACE_RANGES={min(len(ranges), 255)}."],
            )
        captured: list[bytes] = []
        for first in range(0, len(ranges), most):
            captured += self._client.trace(self._model, inputs, ranges[first : first + most])
        return tuple(captured)

    def close(self) -> None:
        """End the process; may be called again."""
        self._client.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_session(transport: Transport, image: Image, timeout: float, count: Count) -> ConsoleSession:
    """Connect to the firmware behind `transport`, and check that it is the image.

    The transport is closed when that fails.

    Raises:
        BudgetError: when it does not answer within `timeout` seconds.
        ToolError: when it is another program, or has other models.
    """
    try:
        client = ConsoleClient(transport, timeout)
        firmware = client.connect()
        return ConsoleSession(client, firmware, _find(image, firmware), count)
    except BaseException:
        transport.close()
        raise


def _find(image: Image, firmware: FirmwareInfo) -> ModelInfo:
    names = ", ".join(model.name for model in firmware.models) or "none"
    matches = [model for model in firmware.models if image.model in (None, model.name)]
    if len(matches) != 1:
        wanted = "one model" if image.model is None else f"model {image.model!r}"
        raise ToolError(
            f"{image.path.name} does not have {wanted}.",
            why=[f"Models in the image: {names}."],
            hints=["Build the project again, and run the image that was built."],
        )
    if image.digest is not None and matches[0].digest != image.digest.lower():
        raise ToolError(
            f"{image.path.name} was built from something else.",
            why=[
                f"{matches[0].name} in the image has digest {matches[0].digest[:16]}…",
                f"The project's has digest {image.digest[:16].lower()}…",
            ],
            hints=["Build the project again."],
        )
    return matches[0]
