"""SPLIT_V into parts of given sizes along a constant axis; like TFLM, takes the sizes from the outputs."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.movement import NUMBERS, axis_fault, numbers, one_number
from tinygen.ops.operator import Operator, Shape, attributes_of
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank
from tinygen.ops.split import SplitAttributes, from_options, outputs_alike, parts

AXIS = Operand("axis", 2)


def axis_exists(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the input.

    Convert the model again: the file contradicts itself.
    """
    (axis,) = numbers(graph, op, 2)
    return axis_fault(axis, len(graph.operand(op, 0).shape))


def _sizes(graph: Graph, op: Op) -> list[int]:
    """Sizes of the outputs along the axis; 0 for one of another rank."""
    (axis,) = numbers(graph, op, 2)
    dims = len(graph.operand(op, 0).shape)
    shapes = [graph.tensors[key].shape for key in op.outputs]
    return [shape[axis % dims] if len(shape) == dims else 0 for shape in shapes]


def parts_add_up(graph: Graph, op: Op) -> str | None:
    """There are num_splits outputs, and their sizes along the axis add up to the input's.

    Convert the model again: the file contradicts itself.
    """
    if axis_exists(graph, op) is not None:
        return None
    (axis,) = numbers(graph, op, 2)
    sizes, size = _sizes(graph, op), graph.operand(op, 0).shape[axis]
    fits = attributes_of(op, SplitAttributes).num_splits == len(sizes) and min(sizes) > 0
    return None if fits and sum(sizes) == size else f"{sizes} of {size}"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with each output's own size along the axis."""
    (axis,) = numbers(graph, op, 2)
    shape = graph.operand(op, 0).shape
    axis %= len(shape)
    return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in _sizes(graph, op))


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """A part for each output."""
    (axis,) = numbers(graph, op, 2)
    data = graph.operand(op, 0)
    taken = parts(data, axis % len(data.shape), _sizes(graph, op))
    return moved(graph, op, 0, *(box(data.shape, ranges) for ranges in taken))


OPERATOR = Operator(
    kind="SPLIT_V",
    options="SplitVOptions",
    from_options=from_options,
    form=(
        operands(3, outputs=None),
        one_dtype((INPUT, OUTPUT), NUMBERS),
        one_dtype((AXIS,), (DType.INT32,)),
        outputs_alike(INPUT),
        rank(INPUT, 1, 8),
        constant(AXIS),
        one_number(AXIS),
    ),
    rules=(axis_exists, parts_add_up),
    infer=infer,
    evaluate=evaluates(moves),
)
