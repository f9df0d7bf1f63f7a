"""EMBEDDING_LOOKUP: rows of a table by a list of indices; int8 rows may be dequantized.

Source: tensorflow/lite/micro/kernels/embedding_lookup.cc.
"""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import scale_and_zero_point
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rules import OUTPUT, Operand, dtypes, operands, rank

LOOKUP = Operand("index list", 0)
TABLE = Operand("table", 1)


def rows_are_symmetric(graph: Graph, op: Op) -> str | None:
    """A table that is dequantized has a zero point of 0.

    Convert the model again with a current converter.
    """
    table, result = graph.operand(op, 1), graph.result(op)
    zero_point = scale_and_zero_point(table)[1]
    return f"zero point {zero_point}" if table.dtype is not result.dtype and zero_point else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """As many rows as there are indices."""
    return ((graph.operand(op, 0).elements, *graph.operand(op, 1).shape[1:]),)


OPERATOR = Operator(
    kind="EMBEDDING_LOOKUP",
    form=(
        operands(2),
        dtypes(
            (LOOKUP, TABLE, OUTPUT),
            (DType.INT32, DType.INT8, DType.INT8),
            (DType.INT32, DType.INT8, DType.FLOAT32),
            (DType.INT32, DType.FLOAT32, DType.FLOAT32),
        ),
        rank(LOOKUP, 1),
        rank(TABLE, 2, 6),
    ),
    rules=(rows_are_symmetric,),
    infer=infer,
)
