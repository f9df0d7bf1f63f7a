"""Small models that remember: resource variables with and without a set-up subgraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.support.tflite_writer import GraphWriter, ModelWriter
from tinygen.ir import Array, DType

SHAPE = (1, 6)
SCALE = 0.5
ZERO_POINT = -3


@dataclass
class Streams:
    """A model over int8[1,6] tensors of one quantization, made op by op.

    Attributes:
        starts: start values of variables by name, set by CALL_ONCE; a variable without one has none.
    """

    starts: dict[str, Array] = field(default_factory=dict)
    writer: ModelWriter = field(default_factory=ModelWriter)

    def __post_init__(self) -> None:
        if self.starts:
            self._set_up()

    def _set_up(self) -> None:
        self.writer.op("CALL_ONCE", [], [], {"init_subgraph_index": 1})
        graph = self.writer.subgraph("set_up")
        for name, values in self.starts.items():
            handle = _handle(graph, name)
            value = graph.constant(f"{name}_start", values, DType.INT8, SCALE, ZERO_POINT)
            graph.op("ASSIGN_VARIABLE", [handle, value], [])

    def input(self, name: str = "x") -> int:
        return self.writer.input(name, SHAPE, scales=SCALE, zero_points=ZERO_POINT)

    def tensor(self, name: str) -> int:
        return self.writer.tensor(name, SHAPE, scales=SCALE, zero_points=ZERO_POINT)

    def read(self, variable: str, name: str) -> int:
        value = self.tensor(name)
        self.writer.op("READ_VARIABLE", [_handle(self.writer, variable)], [value])
        return value

    def assign(self, variable: str, value: int) -> None:
        self.writer.op("ASSIGN_VARIABLE", [_handle(self.writer, variable), value], [])

    def add(self, first: int, second: int, name: str) -> int:
        total = self.tensor(name)
        self.writer.op("ADD", [first, second], [total], {})
        return total

    def finish(self, *outputs: int) -> bytes:
        return self.writer.finish(outputs)


def _handle(graph: GraphWriter, variable: str) -> int:
    handle = graph.tensor(f"{variable}_handle", (), DType.RESOURCE)
    graph.op("VAR_HANDLE", [], [handle], {"container": "", "shared_name": variable})
    return handle


def accumulator(start: Sequence[int] = (7, -128, 127, 0, 1, -3)) -> bytes:
    """y = state + x, then state = y; the state starts with `start`, or with its zero point where empty."""
    streams = Streams({"total": np.reshape(start, SHAPE)} if len(start) else {})
    x = streams.input()
    y = streams.add(streams.read("total", "before"), x, "y")
    streams.assign("total", y)
    return streams.finish(y)


def delay() -> bytes:
    """The input of the run before, which is read before and used after the state changes."""
    streams = Streams({"last": np.arange(6).reshape(SHAPE)})
    x = streams.input()
    before = streams.read("last", "before")
    streams.assign("last", x)
    return streams.finish(before, streams.add(before, x, "sum"))


def exchange() -> bytes:
    """Two variables that change places, and a sum with what one of them is in between."""
    streams = Streams({"a": np.arange(6).reshape(SHAPE), "b": np.full(SHAPE, 9)})
    x = streams.input()
    a, b = streams.read("a", "old a"), streams.read("b", "old b")
    streams.assign("a", b)
    between = streams.read("a", "new a")
    streams.assign("b", a)
    streams.assign("a", streams.add(between, x, "newer a"))
    return streams.finish(streams.add(a, streams.read("a", "newest a"), "y"))


MODELS = {
    "accumulator": accumulator(),
    "accumulator from its zero point": accumulator(()),
    "accumulator from zero": accumulator((0,) * 6),
    "delay": delay(),
    "exchange": exchange(),
}
