"""What ADD and MUL share: two int8 operands, broadcast against each other."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.numerics.quantize import activation_range
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Rule, Shape
from tinygen.ops.rules import Operand, dtypes, operands, quantized, rank

FIRST = Operand("first input", 0)
SECOND = Operand("second input", 1)
OUTPUT = Operand("output", 0, output=True)

FORM: tuple[Rule, ...] = (
    operands(2),
    dtypes((FIRST, SECOND, OUTPUT), (DType.INT8, DType.INT8, DType.INT8)),
    rank(FIRST, 0, 4),
    rank(SECOND, 0, 4),
    quantized(FIRST, SECOND, OUTPUT),
)


def shapes_broadcast(graph: Graph, op: Op) -> str | None:
    """The shapes are equal, or broadcast as in numpy.

    Reshape one of the inputs.
    """
    first, second = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    pairs = zip(reversed(first), reversed(second), strict=False)
    fits = all(a == b or 1 in (a, b) for a, b in pairs)
    return None if fits else f"{list(first)} and {list(second)}"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The broadcast shape."""
    return (np.broadcast_shapes(graph.operand(op, 0).shape, graph.operand(op, 1).shape),)


def clamp(graph: Graph, op: Op, values: Array, activation: Activation) -> Array:
    """Accumulators plus the output's zero point, clamped by the activation; int8."""
    quant = graph.result(op).quant
    if quant is None:
        raise ValueError(f"op {op.id} {op.kind} has an output without quantization")
    low, high = activation_range(activation.name, quant.scale, quant.zero_point, np.int8)
    clamped: Array = np.clip(values + quant.zero_point, low, high).astype(np.int8)
    return clamped


def zeroed(graph: Graph, op: Op, index: int, values: Array) -> Array:
    """Operand `index` without its zero point; int64."""
    quant = graph.operand(op, index).quant
    return values.astype(np.int64) - (quant.zero_point if quant else 0)


def scales(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Scales of the inputs and the output."""
    quants = [item.quant for item in (graph.operand(op, 0), graph.operand(op, 1), graph.result(op))]
    first, second, output = (1.0 if quant is None else quant.scale for quant in quants)
    return first, second, output
