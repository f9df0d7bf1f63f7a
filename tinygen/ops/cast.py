"""CAST: every element as the nearest value of another dtype, as C converts it.

Source: tensorflow/lite/micro/kernels/cast.cc. Integers wrap. What C leaves undefined, a real number that the
integer dtype cannot hold, becomes the nearest one that it can, and NaN becomes 0.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.operator import Known, Operator
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, moved
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, rank

_FROM = (DType.INT8, DType.INT16, DType.INT32, DType.UINT32, DType.FLOAT32, DType.BOOL, DType.UINT8)
_TO = (DType.INT8, DType.INT16, DType.INT32, DType.UINT32, DType.FLOAT32, DType.UINT8)


def converted(values: Array, dtype: DType) -> Array:
    """`values` as elements of `dtype`."""
    target = dtype.numpy
    if values.dtype.kind != "f" or target.kind == "f":
        return values.astype(target)
    limits = np.iinfo(target)
    whole = np.clip(np.trunc(np.nan_to_num(values.astype(np.float64), nan=0.0)), limits.min, limits.max)
    return whole.astype(np.int64).astype(target)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant, converted."""
    return None if known[0] is None else (converted(known[0], graph.result(op).dtype),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """Known where the dtype stays."""
    source = graph.operand(op, 0)
    if source.dtype is not graph.result(op).dtype:
        return None
    return moved(graph, op, 0, RearrangeAttributes(0, (Strided(source.elements, 1),)))


OPERATOR = Operator(
    kind="CAST",
    form=(
        operands(1),
        dtypes((INPUT, OUTPUT), *((source, target) for source in _FROM for target in _TO)),
        rank(INPUT, 0, 8),
    ),
    infer=lambda graph, op: (graph.operand(op, 0).shape,),
    evaluate=evaluate,
)
