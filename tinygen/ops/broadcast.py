"""What operators of two operands that are broadcast against each other share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.numerics.quantize import activation_range, plain_activation_range
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Rule, Shape
from tinygen.ops.rules import (
    LEAST_SCALE,
    Operand,
    dtypes,
    one_dtype,
    operands,
    quantized,
    rank,
    symmetric_int16,
)

FIRST = Operand("first input", 0)
SECOND = Operand("second input", 1)
OUTPUT = Operand("output", 0, output=True)

SCALED: tuple[Rule, ...] = (
    quantized(FIRST, SECOND, OUTPUT, least=LEAST_SCALE),
    symmetric_int16(FIRST, SECOND, OUTPUT),
)
"""Operands of 8 or 16 bits have scales, as small as they may be."""

MAX_RANK = 6
"""Dimensions of a RuntimeShape (tensorflow/lite/kernels/internal/runtime_shape.h)."""


def form(choices: Sequence[DType], *scales: Rule) -> tuple[Rule, ...]:
    """Two operands and an output of one dtype out of `choices`, with rules on their scales."""
    return (
        operands(2),
        one_dtype((FIRST, SECOND, OUTPUT), choices),
        rank(FIRST, 0, MAX_RANK),
        rank(SECOND, 0, MAX_RANK),
        *scales,
    )


def predicate_form(choices: Sequence[DType]) -> tuple[Rule, ...]:
    """Two operands of one dtype out of `choices`, with scales if that is a narrow one, and a bool output."""
    return (
        operands(2),
        dtypes((FIRST, SECOND, OUTPUT), *[(dtype, dtype, DType.BOOL) for dtype in choices]),
        rank(FIRST, 0, MAX_RANK),
        rank(SECOND, 0, MAX_RANK),
        quantized(FIRST, SECOND, least=LEAST_SCALE),
    )


def shapes_broadcast(graph: Graph, op: Op) -> str | None:
    """The shapes are equal, or broadcast as in numpy.

    Reshape one of the inputs.
    """
    first, second = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    pairs = zip(reversed(first), reversed(second), strict=False)
    fits = all(a == b or 1 in (a, b) for a, b in pairs)
    return None if fits else f"{list(first)} and {list(second)}"


def plain_int32(graph: Graph, op: Op) -> str | None:
    """Int32 operands have no scale.

    TFLM refuses others. Convert the model again with a current converter.
    """
    found = [
        item.name
        for item in (graph.operand(op, 0), graph.operand(op, 1), graph.result(op))
        if item.dtype is DType.INT32 and item.quant is not None
    ]
    return f"a scale for {found[0]!r}" if found else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The broadcast shape."""
    return (np.broadcast_shapes(graph.operand(op, 0).shape, graph.operand(op, 1).shape),)


def clamp(graph: Graph, op: Op, values: Array, activation: Activation) -> Array:
    """Accumulators plus the output's zero point, clamped by the activation; in the output's dtype."""
    result = graph.result(op)
    if result.quant is None:
        raise ValueError(f"op {op.id} {op.kind} has an output without quantization")
    dtype = result.dtype.numpy
    low, high = activation_range(activation.name, result.quant.scale, result.quant.zero_point, dtype)
    clamped: Array = np.clip(values + result.quant.zero_point, low, high).astype(dtype)
    return clamped


def plain(graph: Graph, op: Op, known: Known, function: Callable[[Array, Array], Array]) -> Array | None:
    """The output of an op on int32 or float32, before its activation; None where an input is not known.

    Args:
        graph: the graph.
        op: the op.
        known: values of its inputs.
        function: computes int64 from int64, which then wraps around to int32, or float32 from float32.
    """
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    dtype = graph.result(op).dtype
    wide = np.float32 if dtype.is_float else np.int64
    with np.errstate(all="ignore"):
        values = np.asarray(function(first.astype(wide), second.astype(wide)))
    return values.astype(dtype.numpy)


def clamp_plain(values: Array | None, activation: Activation) -> tuple[Array] | None:
    """Int32 or float32 numbers, if any, clamped by the activation, as an op's outputs; NaN stays."""
    if values is None:
        return None
    low, high = plain_activation_range(activation.name, values.dtype)
    clamped = np.clip(values, np.asarray(low, values.dtype), np.asarray(high, values.dtype))
    return (np.asarray(clamped),)


def zeroed(graph: Graph, op: Op, index: int, values: Array) -> Array:
    """Operand `index` without its zero point; int64."""
    quant = graph.operand(op, index).quant
    return values.astype(np.int64) - (quant.zero_point if quant else 0)


def scales(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Scales of the inputs and the output; 1 where there is none."""
    quants = [item.quant for item in (graph.operand(op, 0), graph.operand(op, 1), graph.result(op))]
    first, second, output = (1.0 if quant is None else quant.scale for quant in quants)
    return first, second, output
