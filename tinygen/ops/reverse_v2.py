"""REVERSE_V2 along constant, neighbouring axes.

Source: tensorflow/lite/micro/kernels/reverse.cc.
"""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import NUMBERS, axis_fault, numbers
from tinygen.ops.operator import Operator
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

AXES = Operand("axis list", 1)


def _axes(graph: Graph, op: Op) -> list[int]:
    dims = len(graph.operand(op, 0).shape)
    return sorted(axis % dims for axis in numbers(graph, op, 1))


def axes_are_neighbours(graph: Graph, op: Op) -> str | None:
    """The axes are dimensions of the input, each next to another one, none named twice.

    Reverse in several layers.
    """
    dims, given = len(graph.operand(op, 0).shape), numbers(graph, op, 1)
    faults = [fault for fault in (axis_fault(axis, dims) for axis in given) if fault]
    if faults:
        return faults[0]
    found = _axes(graph, op)
    return None if found == list(range(found[0], found[0] + len(found))) else f"axes {list(given)}"


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """All indices, backwards along the axes."""
    shape, axes = graph.operand(op, 0).shape, _axes(graph, op)
    ranges = [range(size - 1, -1, -1) if axis in axes else range(size) for axis, size in enumerate(shape)]
    return moved(graph, op, 0, box(shape, ranges))


OPERATOR = Operator(
    kind="REVERSE_V2",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (*NUMBERS, DType.INT64, DType.UINT8, DType.BOOL)),
        one_dtype((AXES,), (DType.INT32,)),
        rank(INPUT, 1, 6),
        rank(AXES, 1),
        constant(AXES),
    ),
    rules=(axes_are_neighbours,),
    infer=lambda graph, op: (graph.operand(op, 0).shape,),
    evaluate=evaluates(moves),
)
