"""PRELU: the slope below zero is a tensor that broadcasts."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator
from tinygen.ops.rules import INPUT, OUTPUT, Operand, dtypes, factor_fits, operands, quantized, rank

ALPHA = Operand("alpha", 1)


def broadcasts_to_input(graph: Graph, op: Op) -> str | None:
    """The slopes alpha broadcast to the input's shape.

    Reshape the slopes.
    """
    source, alpha = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    pairs = zip(reversed(source), reversed(alpha), strict=False)
    fits = len(alpha) <= len(source) and all(slopes in (size, 1) for size, slopes in pairs)
    return None if fits else f"{list(source)} and {list(alpha)}"


def largest_factor(graph: Graph, op: Op) -> float:
    """The larger of the factors above and below zero to the output's scale; 1 where there are no scales."""
    source, alpha, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if source.dtype.is_float or source.quant is None or alpha.quant is None or result.quant is None:
        return 1.0
    return source.quant.scale / result.quant.scale * max(1.0, alpha.quant.scale)


OPERATOR = Operator(
    kind="PRELU",
    form=(
        operands(2),
        dtypes(
            (INPUT, ALPHA, OUTPUT),
            (DType.INT8, DType.INT8, DType.INT8),
            (DType.INT16, DType.INT8, DType.INT16),
            (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32),
        ),
        rank(INPUT, 0, 4),
        rank(ALPHA, 0, 4),
        quantized(INPUT, ALPHA, OUTPUT),
    ),
    rules=(broadcasts_to_input, factor_fits(largest_factor)),
    infer=broadcast.infer,
)
