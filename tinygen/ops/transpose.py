"""TRANSPOSE by a constant permutation."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, dtypes, operands, rank

PERMUTATION = Operand("permutation", 1)


def permutation(graph: Graph, op: Op) -> tuple[int, ...]:
    """Input dimension of each output dimension."""
    data = graph.operand(op, 1).data
    return () if data is None else tuple(int(axis) for axis in data.reshape(-1))


def is_permutation(graph: Graph, op: Op) -> str | None:
    """The permutation names each dimension of the input once, none of them negative.

    Convert the model again: the file contradicts itself.
    """
    dims = len(graph.operand(op, 0).shape)
    order = permutation(graph, op)
    return None if sorted(order) == list(range(dims)) else f"{list(order[:8])} for {dims} dimensions"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape, permuted."""
    shape = graph.operand(op, 0).shape
    return (tuple(shape[axis] for axis in permutation(graph, op)),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant, transposed."""
    return None if known[0] is None else (np.transpose(known[0], permutation(graph, op)).copy(),)


OPERATOR = Operator(
    kind="TRANSPOSE",
    form=(
        operands(2),
        dtypes((INPUT, PERMUTATION, OUTPUT), (DType.INT8, DType.INT32, DType.INT8)),
        rank(INPUT, 1, 4),
        rank(PERMUTATION, 1),
        constant(PERMUTATION),
    ),
    rules=(is_permutation,),
    infer=infer,
    evaluate=evaluate,
)
