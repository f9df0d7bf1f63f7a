"""A small stateful network made by hand: its plan, its oracle, and firmware that may go wrong.

    x0 [1,2,2,2] -CONV_2D-> hidden 1 -ADD-> fused 2 (no origin) -MUL-> kept 3 (channels 0 and 2 of 4, at a
    pitch of 5) -FULLY_CONNECTED-> logits 4 -VIEW-> output 5

Tensors of the source model have the plan's number plus 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import numpy as np

from tinygen.emulators.interface import Counter, Inference, TraceRange
from tinygen.emulators.protocol import ModelInfo
from tinygen.ir import Array, DType, Graph, Op, Origin, Quantization, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    Cost,
    Operand,
    TensorPointer,
)
from tinygen.oracle import OracleRun
from tinygen.planning.plan import Bounds, Buffer, BufferKind, KernelCall, Plan, View

_KINDS = ("CONV_2D", "ADD", "MUL", "FULLY_CONNECTED", "VIEW")
_NAMES = ("x0", "hidden", "fused", "kept", "logits", "output")
_SHAPES = ((1, 2, 2, 2), (1, 2, 2, 3), (1, 2, 2, 4), (1, 2, 2, 2), (1, 6), (6,))
KEPT = (0, 2)
POISON = 0x5A


def _origin(key: int) -> Origin | None:
    if key == 2:
        return None
    return Origin(13, axis=3, kept=KEPT) if key == 3 else Origin(10 + key)


def layered_graph() -> Graph:
    """The network after passes."""
    quant = Quantization((0.5,), (-1,))
    tensors = {
        key: Tensor(key, _NAMES[key], _SHAPES[key], DType.INT8, quant, origin=_origin(key))
        for key in range(6)
    }
    for key, name, shape in ((6, "filter", (3, 1, 1, 2)), (7, "weights", (6, 8))):
        data = np.ones(shape, np.int8)
        tensors[key] = Tensor(key, name, shape, DType.INT8, quant, data, Origin(10 + key))
    weights = {0: (6,), 3: (7,)}
    ops = tuple(
        Op(k, kind, (k, *weights.get(k, ())), (k + 1,), sources=(k,)) for k, kind in enumerate(_KINDS)
    )
    return Graph("main", tensors, ops, (0,), (5,))


def _step(number: int) -> KernelCall:
    weights = Constant("weights", ConstantKind.WEIGHTS, lambda: np.arange(12, dtype=np.int8))
    table = Constant("table", ConstantKind.CONSTANTS, lambda: np.full(3, number, np.int32))
    candidate = Candidate(
        set="portable",
        name=_KINDS[number].lower(),
        covers=(number, 4) if number == 3 else (number,),
        operands=(Operand(number), Operand(number + 1)),
        cost=Cost(1, 1),
        call=Call("portable/x.h", "tg_x", None, (Argument("input", TensorPointer(number)),)),
        constants=(weights, table),
    )
    return KernelCall(number, _NAMES[number + 1], candidate, {})


def layered_plan() -> Plan:
    """Buffers of 32 bytes one after the other; the output lies in the logits' buffer."""
    buffers = {
        key: Buffer(
            key, _NAMES[key], 32, 4, key - 1, key, BufferKind.IO if key in (0, 4) else BufferKind.ACTIVATION
        )
        for key in range(5)
    }
    pitches = (2, 3, 4, 5, 6)
    views = {key: View(key, 4 if key == 3 else 0, pitches[key]) for key in range(5)}
    return Plan(
        graph=layered_graph(),
        steps=tuple(_step(number) for number in range(4)),
        buffers=buffers,
        offsets={key: 32 * key for key in range(5)},
        views={**views, 5: View(4, 0, 6)},
        bounds=Bounds(160, 64, 2),
        decisions=(),
    )


def state_after(samples: Sequence[Sequence[Array]]) -> int:
    """The state after inferences with these inputs; it depends on each of them."""
    return sum(int(value.reshape(-1)[0]) + 1 for (value,) in samples)


def compute(values: Array, state: int) -> dict[int, Array]:
    """Every tensor of the source model after an inference, by its number in the plan; 3 has all channels."""
    wide = values.astype(np.int64)
    hidden = np.concatenate([wide, wide[..., :1] + wide[..., 1:]], axis=-1) + state
    fused = np.concatenate([hidden * 3, hidden[..., :1] - 7], axis=-1)
    kept = fused * 5 + 1
    logits = (kept[..., KEPT].reshape(1, 8)[:, :6] * 7 + 3).reshape(1, 6)
    return {
        key: value.astype(np.int8)
        for key, value in enumerate((wide, hidden, fused, kept, logits, logits.reshape(6)))
    }


def layered_samples(count: int) -> list[tuple[Array]]:
    """Random inputs."""
    generator = np.random.default_rng(7)
    return [(generator.integers(-128, 128, _SHAPES[0], np.int8, endpoint=False),) for _ in range(count)]


@dataclass(frozen=True)
class LayeredOracle:
    """Computes the network; observes the tensors in `observable` only."""

    observable: frozenset[int] = frozenset(range(10, 16))
    name: str = "tflm"
    version: str = "1"

    def run(self, samples: Sequence[Sequence[Array]], keep: Sequence[int] = ()) -> list[OracleRun]:
        runs = []
        for number, (value,) in enumerate(samples):
            tensors = compute(value, state_after(samples[:number]))
            kept = {index: tensors[index - 10] for index in keep if index in self.observable}
            runs.append(OracleRun((tensors[5],), kept))
        return runs


@dataclass
class LayeredFirmware:
    """A Session whose layers return `errors` beside the right values.

    Attributes:
        errors: by tensor: (flat index, value added), from call `since` on; not passed on to later layers
            except by another entry.
        since: first inference after a reset that goes wrong.
        trace_errors: what a trace sees instead; `errors` where None.
    """

    plan: Plan
    errors: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    since: int = 0
    trace_errors: Mapping[int, tuple[int, int]] | None = None
    history: list[tuple[Array]] = field(default_factory=list)
    resets: int = 0

    @property
    def model(self) -> ModelInfo:
        raise AssertionError("nobody asks")

    @property
    def counter(self) -> Counter:
        return Counter.NONE

    def reset(self) -> None:
        self.history = []
        self.resets += 1

    def _values(self, inputs: Sequence[bytes], errors: Mapping[int, tuple[int, int]]) -> dict[int, Array]:
        (data,) = inputs
        values = np.frombuffer(data, np.int8).reshape(_SHAPES[0])
        tensors = compute(values, state_after(self.history))
        tensors[3] = np.ascontiguousarray(tensors[3][..., KEPT])
        if len(self.history) >= self.since:
            for key, (index, added) in errors.items():
                tensors[key] = tensors[key].copy()
                tensors[key].reshape(-1)[index] += np.int8(added)
        self.history.append((values,))
        return tensors

    def run(self, inputs: Sequence[bytes]) -> Inference:
        return Inference((self._values(inputs, self.errors)[5].tobytes(),), None, None, None)

    def trace(self, inputs: Sequence[bytes], ranges: Sequence[TraceRange]) -> tuple[bytes, ...]:
        seen = self.errors if self.trace_errors is None else self.trace_errors
        tensors = self._values(inputs, seen)
        dumps = []
        for wanted in ranges:
            arena = np.full(160, POISON, np.uint8)
            self._store(arena, wanted.step + 1, tensors[wanted.step + 1])
            dumps.append(arena[wanted.offset : wanted.offset + wanted.bytes].tobytes())
        return tuple(dumps)

    def _store(self, arena: Array, key: int, value: Array) -> None:
        channels, pitch = value.shape[-1], self.plan.views[key].pitch
        for pixel, row in enumerate(value.reshape(-1, channels)):
            start = self.plan.address(key) + pixel * pitch
            arena[start : start + channels] = row.view(np.uint8)

    def close(self) -> None:
        self.history = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run_all(firmware: LayeredFirmware, samples: Sequence[Sequence[Array]]) -> list[tuple[Any, ...]]:
    """Outputs of successive inferences after a reset, decoded."""
    firmware.reset()
    outputs = []
    for sample in samples:
        inference = firmware.run([array.tobytes() for array in sample])
        outputs.append(tuple(np.frombuffer(data, np.int8).reshape(6) for data in inference.outputs))
    return outputs
