"""MAXIMUM and MINIMUM, of the elements as they are stored: TFLM asks for no common scale."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.operator import Known, Operator


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The larger or smaller element, the second of two that do not compare (maximum_minimum.h)."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    takes_first = first > second if op.kind == "MAXIMUM" else first < second
    return (np.where(takes_first, first, second),)


def _operator(kind: str) -> Operator:
    return Operator(
        kind=kind,
        form=broadcast.form((DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)),
        rules=(broadcast.shapes_broadcast,),
        infer=broadcast.infer,
        evaluate=evaluate,
    )


OPERATORS = (_operator("MAXIMUM"), _operator("MINIMUM"))
