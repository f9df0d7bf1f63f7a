"""TILE: the input repeated along each dimension; TFLM lacks it, LiteRT's reference is the oracle."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import INDICES, NUMBERS, numbers, one_per_dimension
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Axis, Move, RearrangeAttributes, Strided, evaluates, moved, strides
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

MULTIPLES = Operand("multiple list", 1)


def repeats(graph: Graph, op: Op) -> str | None:
    """The multiples are at least 1.

    Leave out what is repeated 0 times.
    """
    wrong = [count for count in numbers(graph, op, 1) if count < 1]
    return f"multiple {wrong[0]}" if wrong else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's sizes times the multiples."""
    pairs = zip(graph.operand(op, 0).shape, numbers(graph, op, 1), strict=True)
    return (tuple(size * count for size, count in pairs),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """For each dimension a loop that stays around one that goes on."""
    shape = graph.operand(op, 0).shape
    axes: list[Axis] = []
    for size, count, step in zip(shape, numbers(graph, op, 1), strides(shape), strict=True):
        axes += [Strided(count, 0), Strided(size, step)]
    return moved(graph, op, 0, RearrangeAttributes(0, tuple(axes)))


OPERATOR = Operator(
    kind="TILE",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (*NUMBERS, DType.INT64, DType.BOOL)),
        one_dtype((MULTIPLES,), INDICES),
        rank(INPUT, 1, 4),
        rank(MULTIPLES, 1),
        constant(MULTIPLES),
        one_per_dimension(MULTIPLES, of=INPUT),
    ),
    rules=(repeats,),
    infer=infer,
    evaluate=evaluates(moves),
)
