"""SLICE: a box of the input, from constant begins and sizes."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import INDICES, NUMBERS, numbers, one_per_dimension
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

BEGIN = Operand("begin list", 1)
SIZE = Operand("size list", 2)


def _ranges(graph: Graph, op: Op) -> list[range]:
    """The indices taken along each dimension; a size of -1 takes the rest."""
    table = zip(graph.operand(op, 0).shape, numbers(graph, op, 1), numbers(graph, op, 2), strict=True)
    return [range(begin, extent if size == -1 else begin + size) for extent, begin, size in table]


def box_is_inside(graph: Graph, op: Op) -> str | None:
    """The slice has at least one element along each dimension and lies inside of the input.

    Convert the model again: the file contradicts itself.
    """
    shape = graph.operand(op, 0).shape
    for extent, taken in zip(shape, _ranges(graph, op), strict=True):
        if not 0 <= taken.start < taken.stop <= extent:
            return f"{taken.start} to {taken.stop} of {extent}"
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The sizes of the slice."""
    return (tuple(len(taken) for taken in _ranges(graph, op)),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """The box."""
    return moved(graph, op, 0, box(graph.operand(op, 0).shape, _ranges(graph, op)))


OPERATOR = Operator(
    kind="SLICE",
    form=(
        operands(3),
        one_dtype((INPUT, OUTPUT), (*NUMBERS, DType.BOOL)),
        one_dtype((BEGIN, SIZE), INDICES),
        rank(INPUT, 1, 5),
        constant(BEGIN, SIZE),
        one_per_dimension(BEGIN, SIZE, of=INPUT),
    ),
    rules=(box_is_inside,),
    infer=infer,
    evaluate=evaluates(moves),
)
