"""SPLIT into equal parts along a constant axis; the axis is the first operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tinygen.ir import Attributes, DType, Graph, Op, Tensor
from tinygen.ops.movement import NUMBERS, axis_fault, numbers, one_number
from tinygen.ops.operator import Operator, Options, Rule, Shape, attributes_of
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import OUTPUT, Operand, constant, one_dtype, operands, rank, stated

AXIS = Operand("axis", 0)
DATA = Operand("input", 1)


@dataclass(frozen=True)
class SplitAttributes(Attributes):
    """The number of parts."""

    num_splits: int


def from_options(options: Options) -> SplitAttributes:
    """Attributes from the fields of SplitOptions or SplitVOptions."""
    return SplitAttributes(num_splits=options.get("num_splits", 0))


def outputs_alike(data: Operand) -> Rule:
    """Every output has the dtype of the operand `data`."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = data.of(graph, op)
        found = [graph.tensors[key].dtype for key in op.outputs]
        wrong = [dtype for dtype in found if tensor is not None and dtype is not tensor.dtype]
        return str(wrong[0]) if wrong else None

    return stated(
        "All outputs have the input's dtype.", "Convert the model again: the file contradicts itself.", test
    )


def parts(tensor: Tensor, axis: int, sizes: Sequence[int]) -> list[list[range]]:
    """For each part of `tensor` the indices that it takes along each dimension."""
    ends = list(accumulate(sizes))
    return [
        [
            range(end - size, end) if dimension == axis else range(extent)
            for dimension, extent in enumerate(tensor.shape)
        ]
        for size, end in zip(sizes, ends, strict=True)
    ]


def axis_exists(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the input.

    Convert the model again: the file contradicts itself.
    """
    (axis,) = numbers(graph, op, 0)
    return axis_fault(axis, len(graph.operand(op, 1).shape))


def parts_are_equal(graph: Graph, op: Op) -> str | None:
    """There are num_splits outputs, and the size along the axis divides by their number.

    Convert the model again: the file contradicts itself.
    """
    if axis_exists(graph, op) is not None:
        return None
    (axis,) = numbers(graph, op, 0)
    shape, count = graph.operand(op, 1).shape, attributes_of(op, SplitAttributes).num_splits
    size = shape[axis % len(shape)]
    fits = count == len(op.outputs) and size % count == 0
    return None if fits else f"{len(op.outputs)} outputs of num_splits {count}, size {size}"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape, divided along the axis."""
    (axis,) = numbers(graph, op, 0)
    shape, count = list(graph.operand(op, 1).shape), len(op.outputs)
    shape[axis] //= count
    return (tuple(shape),) * count


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """A part for each output."""
    (axis,) = numbers(graph, op, 0)
    data, count = graph.operand(op, 1), len(op.outputs)
    axis %= len(data.shape)
    taken = parts(data, axis, [data.shape[axis] // count] * count)
    return moved(graph, op, 1, *(box(data.shape, ranges) for ranges in taken))


OPERATOR = Operator(
    kind="SPLIT",
    options="SplitOptions",
    from_options=from_options,
    form=(
        operands(2, outputs=None),
        one_dtype((DATA, OUTPUT), NUMBERS),
        one_dtype((AXIS,), (DType.INT32,)),
        outputs_alike(DATA),
        rank(DATA, 1, 8),
        constant(AXIS),
        one_number(AXIS),
    ),
    rules=(axis_exists, parts_are_equal),
    infer=infer,
    evaluate=evaluates(moves, 1),
)
