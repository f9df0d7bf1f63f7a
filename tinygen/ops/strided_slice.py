"""STRIDED_SLICE with constant begins, ends and strides.

Source: tensorflow/lite/kernels/internal/strided_slice_logic.h and reference/strided_slice.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.movement import NUMBERS, numbers
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

BEGIN = Operand("begin", 1)
END = Operand("end", 2)
STRIDES = Operand("stride list", 3)


@dataclass(frozen=True)
class StridedSliceAttributes(Attributes):
    """Bit masks over the entries of `begin`, `end` and `strides`."""

    begin_mask: int
    end_mask: int
    ellipsis_mask: int
    new_axis_mask: int
    shrink_axis_mask: int


def from_options(options: Options) -> StridedSliceAttributes:
    """Attributes from the fields of StridedSliceOptions."""
    if options.get("offset", False):
        raise ValueError("offset: true")
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return StridedSliceAttributes(*(options.get(name, 0) for name in names))


def _bound(index: int, size: int, stride: int) -> int:
    """An index counted from the end where negative, clamped to where the loop can start or stop."""
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    return min(max(index + size if index < 0 else index, low), high)


def _indices(graph: Graph, op: Op) -> list[range]:
    """The indices taken along each dimension of the input."""
    masks = attributes_of(op, StridedSliceAttributes)
    table = zip(graph.operand(op, 0).shape, *(numbers(graph, op, index) for index in (1, 2, 3)), strict=True)
    taken = []
    for axis, (size, begin, end, stride) in enumerate(table):
        forward = stride > 0
        start = (0 if forward else size - 1) if masks.begin_mask >> axis & 1 else _bound(begin, size, stride)
        stop = (size if forward else -1) if masks.end_mask >> axis & 1 else _bound(end, size, stride)
        if masks.shrink_axis_mask >> axis & 1:
            stop = start if start >= size else start + 1
        taken.append(range(start, stop, stride))
    return taken


def one_bound_per_dimension(graph: Graph, op: Op) -> str | None:
    """begin, end and strides have one entry per dimension of the input, and no stride is 0.

    Convert the model again: the file contradicts itself.
    """
    dims = len(graph.operand(op, 0).shape)
    counts = [graph.operand(op, index).elements for index in (1, 2, 3)]
    if counts != [dims] * 3:
        return f"{counts} entries for {dims} dimensions"
    return "stride 0" if 0 in numbers(graph, op, 3) else None


def no_new_dimensions(graph: Graph, op: Op) -> str | None:
    """The masks for an ellipsis and for new axes are 0.

    Write the slice out in full.
    """
    masks = attributes_of(op, StridedSliceAttributes)
    found = f"ellipsis_mask {masks.ellipsis_mask}, new_axis_mask {masks.new_axis_mask}"
    return found if masks.ellipsis_mask or masks.new_axis_mask else None


def takes_something(graph: Graph, op: Op) -> str | None:
    """The slice takes at least one element along each dimension.

    Convert the model again: the file contradicts itself.
    """
    if one_bound_per_dimension(graph, op) is not None:
        return None
    empty = [axis for axis, indices in enumerate(_indices(graph, op)) if not indices]
    return f"nothing along dimension {empty[0]}" if empty else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The number of indices along each dimension, shrunk ones dropped."""
    shrunk = attributes_of(op, StridedSliceAttributes).shrink_axis_mask
    return (tuple(len(taken) for axis, taken in enumerate(_indices(graph, op)) if not shrunk >> axis & 1),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """The elements at every stride."""
    return moved(graph, op, 0, box(graph.operand(op, 0).shape, _indices(graph, op)))


OPERATOR = Operator(
    kind="STRIDED_SLICE",
    options="StridedSliceOptions",
    from_options=from_options,
    form=(
        operands(4),
        one_dtype((INPUT, OUTPUT), (*NUMBERS, DType.BOOL)),
        one_dtype((BEGIN, END, STRIDES), (DType.INT32,)),
        rank(INPUT, 1, 4),
        rank(BEGIN, 1),
        rank(END, 1),
        rank(STRIDES, 1),
        constant(BEGIN, END, STRIDES),
        one_bound_per_dimension,
    ),
    rules=(no_new_dimensions, takes_something),
    infer=infer,
    evaluate=evaluates(moves),
)
