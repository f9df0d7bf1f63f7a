"""TRANSPOSE by a constant permutation."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import numbers
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, evaluates, moved, strides
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

PERMUTATION = Operand("permutation", 1)


def is_permutation(graph: Graph, op: Op) -> str | None:
    """The permutation names each dimension of the input once, none of them negative.

    Convert the model again: the file contradicts itself.
    """
    dims = len(graph.operand(op, 0).shape)
    order = numbers(graph, op, 1)
    return None if sorted(order) == list(range(dims)) else f"{list(order[:8])} for {dims} dimensions"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape, permuted."""
    shape = graph.operand(op, 0).shape
    return (tuple(shape[axis] for axis in numbers(graph, op, 1)),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """A loop over each dimension of the output, with the step of the input's dimension."""
    shape = graph.operand(op, 0).shape
    steps = strides(shape)
    axes = tuple(Strided(shape[axis], steps[axis]) for axis in numbers(graph, op, 1))
    return moved(graph, op, 0, RearrangeAttributes(0, axes))


OPERATOR = Operator(
    kind="TRANSPOSE",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (DType.INT8, DType.INT16, DType.FLOAT32)),
        one_dtype((PERMUTATION,), (DType.INT32,)),
        rank(INPUT, 1, 5),
        rank(PERMUTATION, 1),
        constant(PERMUTATION),
    ),
    rules=(is_permutation,),
    infer=infer,
    evaluate=evaluates(moves),
)
