"""UNPACK: a tensor for each index along an axis, which is dropped."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, Graph, Op
from tinygen.ops.movement import NUMBERS, axis_fault
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rearrange import Move, box, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, one_dtype, operands, rank
from tinygen.ops.split import outputs_alike, parts


@dataclass(frozen=True)
class UnpackAttributes(Attributes):
    """The axis, negative counted from the end, and the number of outputs."""

    axis: int
    num: int


def from_options(options: Options) -> UnpackAttributes:
    """Attributes from the fields of UnpackOptions."""
    return UnpackAttributes(axis=options.get("axis", 0), num=options.get("num", 0))


def one_output_an_index(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the input, and there are num outputs, one for each index along it.

    Convert the model again: the file contradicts itself.
    """
    attributes, shape = attributes_of(op, UnpackAttributes), graph.operand(op, 0).shape
    if fault := axis_fault(attributes.axis, len(shape)):
        return fault
    count, size = len(op.outputs), shape[attributes.axis]
    return (
        None if attributes.num == count == size else f"{count} outputs of num {attributes.num}, size {size}"
    )


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape without the axis."""
    shape = graph.operand(op, 0).shape
    axis = attributes_of(op, UnpackAttributes).axis % len(shape)
    return ((*shape[:axis], *shape[axis + 1 :]),) * len(op.outputs)


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """An index of the axis for each output."""
    data = graph.operand(op, 0)
    axis = attributes_of(op, UnpackAttributes).axis % len(data.shape)
    taken = parts(data, axis, [1] * data.shape[axis])
    return moved(graph, op, 0, *(box(data.shape, ranges) for ranges in taken))


OPERATOR = Operator(
    kind="UNPACK",
    options="UnpackOptions",
    from_options=from_options,
    form=(
        operands(1, outputs=None),
        one_dtype((INPUT, OUTPUT), NUMBERS),
        outputs_alike(INPUT),
        rank(INPUT, 1, 8),
    ),
    rules=(one_output_an_index,),
    infer=infer,
    evaluate=evaluates(moves),
)
