"""GATHER_ND: slices of the input by rows of indices of its first dimensions.

Source: tensorflow/lite/micro/kernels/gather_nd.cc.
"""

from __future__ import annotations

from math import prod

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Move, RearrangeAttributes, axis_of, evaluates, moved, strides
from tinygen.ops.rules import INPUT, OUTPUT, Operand, one_dtype, operands, rank

INDEX = Operand("index tensor", 1)


def index_fits(graph: Graph, op: Op) -> str | None:
    """A row of indices has at most as many as the input has dimensions, and at most 5.

    Convert the model again: the file contradicts itself.
    """
    dims, count = len(graph.operand(op, 0).shape), graph.operand(op, 1).shape[-1]
    return None if count <= min(dims, 5) else f"{count} indices for {dims} dimensions"


def indices_exist(graph: Graph, op: Op) -> str | None:
    """Constant indices are inside of their dimensions.

    Convert the model again: the file contradicts itself.
    """
    data = graph.operand(op, 1).data
    if data is None or index_fits(graph, op) is not None:
        return None
    sizes = np.asarray(graph.operand(op, 0).shape[: data.shape[-1]])
    wrong = data[(data < 0) | (data >= sizes)]
    return f"index {int(wrong[0])} of {list(sizes)}" if wrong.size else None


def steps(graph: Graph, op: Op) -> Array:
    """Elements of the input from one index to the next, for each index of a row."""
    return np.asarray(strides(graph.operand(op, 0).shape)[: graph.operand(op, 1).shape[-1]], np.int64)


def slice_elements(graph: Graph, op: Op) -> int:
    """Elements of one slice."""
    return prod(graph.operand(op, 0).shape[graph.operand(op, 1).shape[-1] :])


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The indices' shape without the last dimension, then the slice's."""
    indices = graph.operand(op, 1).shape
    return ((*indices[:-1], *graph.operand(op, 0).shape[indices[-1] :]),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """Known where the indices are constant."""
    data = graph.operand(op, 1).data
    if data is None:
        return None
    rows = data.reshape(-1, data.shape[-1]).astype(np.int64) @ steps(graph, op)
    start, axis = axis_of(rows)
    _, inner = axis_of(np.arange(slice_elements(graph, op)))
    return moved(graph, op, 0, RearrangeAttributes(start, (axis, inner)))


OPERATOR = Operator(
    kind="GATHER_ND",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (DType.INT8, DType.FLOAT32)),
        one_dtype((INDEX,), (DType.INT32,)),
        rank(INPUT, 1, 6),
        rank(INDEX, 1, 6),
    ),
    rules=(index_fits, indices_exist),
    infer=infer,
    evaluate=evaluates(moves),
)
