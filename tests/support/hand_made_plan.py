"""Plans made by hand: layers of tests/codegen/kernels/test/scale.h one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.ir import DType, Graph, Op, Quantization, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Operand,
    Parameter,
    Scratch,
    ScratchPointer,
    TensorPointer,
)
from tinygen.planning.plan import Bounds, Buffer, BufferKind, Decision, KernelCall, Plan, View
from tinygen.resources import firmware

COUNT = 8


@dataclass(frozen=True)
class ScaleLayer:
    """One layer: output = weights * input * factor + 1, modulo 256.

    Attributes:
        factor: a specialised parameter.
        weights: repeated over the elements.
        name: of the layer and its output.
    """

    factor: int
    weights: tuple[int, int, int, int] = (1, 2, 3, 4)
    name: str = "layer"

    def compute(self, values: np.ndarray) -> np.ndarray:
        """What the layer computes, in numpy."""
        wide = values.astype(np.int64) * np.resize(self.weights, COUNT) * self.factor + 1
        return wide.astype(np.int8)


def kernels_folder(folder: Path) -> Path:
    """A folder of kernel headers: the shipped common.h and the test's own."""
    source = Path(__file__).parents[1] / "codegen" / "kernels"
    for path in (*source.rglob("*.h"), firmware() / "kernels" / "common.h"):
        base = source if path.is_relative_to(source) else firmware() / "kernels"
        target = folder / path.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def _candidate(number: int, layer: ScaleLayer) -> Candidate:
    return Candidate(
        set="test",
        name="scale",
        covers=(number,),
        operands=(Operand(number), Operand(number + 1)),
        cost=Cost(instructions=COUNT, cycles=COUNT),
        call=Call(
            header="test/scale.h",
            function="tg_scale_s8",
            params="test_scale_params",
            arguments=(
                Argument("input", TensorPointer(number)),
                Argument("output", TensorPointer(number + 1)),
                Argument("weights", ConstantPointer("weights")),
                Argument("scratch", ScratchPointer("copy")),
            ),
            parameters=(
                Parameter("factor", layer.factor),
                Parameter("count", COUNT, specialize=False),
                Parameter("unused", 0.1),
            ),
        ),
        scratch=(Scratch("copy", COUNT),),
        constants=(
            Constant("weights", ConstantKind.WEIGHTS, lambda: np.array(layer.weights, np.int8), align=8),
        ),
    )


def scale_plan(layers: Sequence[ScaleLayer], input_name: str = "input") -> Plan:
    """A chain of layers over int8[1,8]; activations alternate between two places, scratch is a third."""
    quant = Quantization((0.1,), (-3,))
    tensors = {
        key: Tensor(
            key, ([input_name, *(layer.name for layer in layers)])[key], (1, COUNT), DType.INT8, quant
        )
        for key in range(len(layers) + 1)
    }
    ops = tuple(
        Op(number, "SCALE", (number,), (number + 1,), sources=(number,)) for number in range(len(layers))
    )
    graph = Graph("main", tensors, ops, (0,), (len(layers),))
    buffers, offsets = {}, {}
    for key, tensor in tensors.items():
        ends = key in (0, len(layers))
        kind = BufferKind.IO if ends else BufferKind.ACTIVATION
        buffers[key] = Buffer(key, tensor.name, COUNT, 1, key - 1, key, kind)
        offsets[key] = key % 2 * COUNT
    for number in range(len(layers)):
        key = len(tensors) + number
        buffers[key] = Buffer(key, "copy", COUNT, 4, number, number, BufferKind.SCRATCH)
        offsets[key] = 2 * COUNT
    steps = tuple(
        KernelCall(number, layer.name, _candidate(number, layer), {"copy": len(tensors) + number})
        for number, layer in enumerate(layers)
    )
    return Plan(
        graph=graph,
        steps=steps,
        buffers=buffers,
        offsets=offsets,
        views={key: View(key, 0, COUNT) for key in tensors},
        bounds=Bounds(3 * COUNT, 3 * COUNT, 0),
        decisions=tuple(Decision((number,), "test/scale") for number in range(len(layers))),
    )
