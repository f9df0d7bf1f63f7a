"""PAD with the output's zero point; paddings [rank, 2] of elements before and after each dimension."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, dtypes, operands, quantized, rank

PADDINGS = Operand("padding table", 1)


def paddings(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    data = graph.operand(op, 1).data
    return () if data is None else tuple((int(before), int(after)) for before, after in data)


def paddings_fit(graph: Graph, op: Op) -> str | None:
    """The paddings are two numbers, not negative, for each dimension.

    Use a slice to crop.
    """
    source, table = graph.operand(op, 0), graph.operand(op, 1)
    if table.shape != (len(source.shape), 2):
        return f"paddings {list(table.shape)} for {len(source.shape)} dimensions"
    wrong = [pair for pair in paddings(graph, op) if min(pair) < 0]
    return f"padding {wrong[0][0]}, {wrong[0][1]}" if wrong else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape plus the paddings."""
    pairs = zip(graph.operand(op, 0).shape, paddings(graph, op), strict=True)
    return (tuple(before + size + after for size, (before, after) in pairs),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant, padded."""
    quant = graph.result(op).quant
    if known[0] is None or quant is None:
        return None
    return (np.pad(known[0], paddings(graph, op), constant_values=quant.zero_point),)


OPERATOR = Operator(
    kind="PAD",
    form=(
        operands(2),
        dtypes((INPUT, PADDINGS, OUTPUT), (DType.INT8, DType.INT32, DType.INT8)),
        rank(INPUT, 1, 4),
        rank(PADDINGS, 2),
        constant(PADDINGS),
        quantized(INPUT, OUTPUT),
    ),
    rules=(paddings_fit,),
    infer=infer,
    evaluate=evaluate,
)
