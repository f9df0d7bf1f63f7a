"""BROADCAST_ARGS: the shape to which tensors of two shapes broadcast."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Graph, Op
from tinygen.ops.broadcast import FIRST, SECOND
from tinygen.ops.movement import INDICES
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rules import OUTPUT, one_dtype, operands, rank


def shapes_broadcast(graph: Graph, op: Op) -> str | None:
    """Constant shapes broadcast as in numpy.

    Convert the model again: the file contradicts itself.
    """
    found = [graph.operand(op, index).data for index in (0, 1)]
    first, second = found
    if first is None or second is None:
        return None
    pairs = zip(first[::-1].tolist(), second[::-1].tolist(), strict=False)
    fits = all(a == b or 1 in (a, b) for a, b in pairs)
    return None if fits else f"{first.tolist()} and {second.tolist()}"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """As many dimensions as the longer shape has."""
    return ((max(graph.operand(op, 0).elements, graph.operand(op, 1).elements),),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The broadcast shape of constant ones."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    size = graph.result(op).elements
    one, other = (np.concatenate([np.ones(size - len(item), item.dtype), item]) for item in (first, second))
    return (np.where(one == 1, other, one).astype(graph.result(op).dtype.numpy),)


OPERATOR = Operator(
    kind="BROADCAST_ARGS",
    form=(
        operands(2),
        one_dtype((FIRST, SECOND, OUTPUT), INDICES),
        rank(FIRST, 1),
        rank(SECOND, 1),
    ),
    rules=(shapes_broadcast,),
    infer=infer,
    evaluate=evaluate,
)
