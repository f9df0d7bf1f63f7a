"""BROADCAST_TO a constant shape, as numpy broadcasts."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.movement import ANY, INDICES, numbers
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, evaluates, moved, strides
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

SHAPE = Operand("shape", 1)


def broadcasts(graph: Graph, op: Op) -> str | None:
    """The input's dimensions are 1 or the last ones of the shape, which has at most 5 and none below 1.

    Reshape before the layer.
    """
    shape, target = graph.operand(op, 0).shape, numbers(graph, op, 1)
    pairs = list(zip(reversed(shape), reversed(target), strict=False))
    fits = len(shape) <= len(target) <= 5 and min(target) >= 1
    fits = fits and all(size in (1, wanted) for size, wanted in pairs)
    return None if fits else f"{list(shape)} to {list(target)}"


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """A loop over each dimension of the output, which stays where the input has 1."""
    target = numbers(graph, op, 1)
    shape = graph.operand(op, 0).shape
    padded = (1,) * (len(target) - len(shape)) + shape
    axes = tuple(
        Strided(wanted, step if size == wanted else 0)
        for size, wanted, step in zip(padded, target, strides(padded), strict=True)
    )
    return moved(graph, op, 0, RearrangeAttributes(0, axes))


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The shape asked for."""
    return (numbers(graph, op, 1),)


OPERATOR = Operator(
    kind="BROADCAST_TO",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), ANY),
        one_dtype((SHAPE,), INDICES),
        rank(INPUT, 0, 5),
        rank(SHAPE, 1),
        constant(SHAPE),
    ),
    rules=(broadcasts,),
    infer=infer,
    evaluate=evaluates(moves),
)
