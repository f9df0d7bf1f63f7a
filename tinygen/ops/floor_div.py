"""FLOOR_DIV of float32."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator


def no_zero_divisor(graph: Graph, op: Op) -> str | None:
    """A constant divisor has no zeros.

    Change the constant: TFLM stops the inference there.
    """
    data = graph.operand(op, 1).data
    return "a zero" if data is not None and (data == 0).any() else None


OPERATOR = Operator(
    kind="FLOOR_DIV",
    form=broadcast.form((DType.FLOAT32,)),
    rules=(broadcast.shapes_broadcast, no_zero_divisor),
    infer=broadcast.infer,
)
