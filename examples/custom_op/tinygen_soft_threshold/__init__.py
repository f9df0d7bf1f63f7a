"""The custom operator SoftThreshold: y = sign(x) * max(|x| - threshold, 0), element by element, on int8.

It is the step between two layers of networks that unroll sparse coding (Gregor and LeCun, "Learning fast
approximations of sparse coding", 2010), and TensorFlow Lite has no operator for it. Its custom options are
the threshold as a little-endian float32.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.kernels.custom import SET, CustomOperator
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Region
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank
from tinygen.target import Target


@dataclass(frozen=True)
class SoftThresholdAttributes(Attributes):
    """The threshold, a real number."""

    threshold: float


def from_options(options: Options) -> SoftThresholdAttributes:
    """Attributes from the custom options of the op."""
    raw: bytes = options["custom_options"]
    if len(raw) != 4:
        raise ValueError(f"custom options of {len(raw)} bytes, where a float32 has 4")
    (threshold,) = struct.unpack("<f", raw)
    if not (math.isfinite(threshold) and threshold >= 0):
        raise ValueError(f"threshold {threshold}")
    return SoftThresholdAttributes(threshold)


def one_scale(graph: Graph, op: Op) -> str | None:
    """Input and output have one scale and zero point.

    Train the layer with its input's range.
    """
    source, result = graph.operand(op, 0).quant, graph.result(op).quant
    return None if source == result else f"{source} and {result}"


def steps(graph: Graph, op: Op) -> int:
    """The threshold in quantized steps; 255 of them take every int8 value to zero."""
    quant = graph.operand(op, 0).quant
    assert quant is not None
    return min(round(attributes_of(op, SoftThresholdAttributes).threshold / quant.scale), 255)


def zero_point(graph: Graph, op: Op) -> int:
    """The zero point of input and output."""
    quant = graph.operand(op, 0).quant
    assert quant is not None
    return quant.zero_point


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The output where the input is a constant, which makes the op disappear at compile time."""
    if known[0] is None:
        return None
    zero, threshold = zero_point(graph, op), steps(graph, op)
    value = known[0].astype(np.int32) - zero
    shrunk = np.sign(value) * np.maximum(np.abs(value) - threshold, 0)
    return ((shrunk + zero).astype(np.int8),)


OPERATOR = Operator(
    kind="SoftThreshold",
    custom=True,
    from_options=from_options,
    form=(
        operands(1),
        dtypes((INPUT, OUTPUT), (DType.INT8, DType.INT8)),
        rank(INPUT, 1, 8),
        quantized(INPUT, OUTPUT),
    ),
    rules=(one_scale,),
    infer=lambda graph, op: (graph.operand(op, 0).shape,),
    evaluate=evaluate,
)

KERNEL = UnaryKernel(
    set=SET,
    name="soft threshold",
    header="soft_threshold/soft_threshold.h",
    function="soft_threshold_s8",
    params="soft_threshold_params",
    instructions=12,
    code_bytes=60,
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, which can work in place."""
    (op,) = region
    fields = {"zero_point": zero_point(graph, op), "steps": steps(graph, op)}
    return [KERNEL.candidate(op, graph.operand(op, 0), graph.result(op), fields)]


SOFT_THRESHOLD = CustomOperator(OPERATOR, propose, Path(__file__).parent / "kernels")
