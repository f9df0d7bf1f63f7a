"""GATHER along an axis, by indices of the inner dimensions of a second tensor.

Source: tensorflow/lite/micro/kernels/gather.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.ops.movement import axis_fault
from tinygen.ops.operator import Known, Operator, Options, Shape, attributes_of
from tinygen.ops.rearrange import Move, RearrangeAttributes, axis_of, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, one_dtype, operands, rank

INDEX = Operand("index tensor", 1)


@dataclass(frozen=True)
class GatherAttributes(Attributes):
    """The axis, and the number of first dimensions that both inputs share; negative: from the end."""

    axis: int
    batch_dims: int


@dataclass(frozen=True)
class GatherShape:
    """A gather as loops over [batch, outer, index, inner].

    Attributes:
        batch: rounds over the dimensions that both inputs share.
        outer: rounds between them and the axis.
        size: of the axis.
        inner: elements of the input behind the axis.
        count: indices in each batch.
    """

    batch: int
    outer: int
    size: int
    inner: int
    count: int


def from_options(options: Options) -> GatherAttributes:
    """Attributes from the fields of GatherOptions."""
    return GatherAttributes(axis=options.get("axis", 0), batch_dims=options.get("batch_dims", 0))


def _counted(graph: Graph, op: Op) -> tuple[int, int]:
    """The axis and the number of batch dimensions, from the front."""
    attributes = attributes_of(op, GatherAttributes)
    batch = attributes.batch_dims
    batch += len(graph.operand(op, 1).shape) if batch < 0 else 0
    return attributes.axis % len(graph.operand(op, 0).shape), batch


def gather_shape(graph: Graph, op: Op) -> GatherShape:
    """The loops of an op that keeps the rules."""
    axis, batch = _counted(graph, op)
    shape, indices = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    return GatherShape(
        batch=prod(shape[:batch]),
        outer=prod(shape[batch:axis]),
        size=shape[axis],
        inner=prod(shape[axis + 1 :]),
        count=prod(indices[batch:]),
    )


def axes_fit(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the input, behind batch_dims dimensions that both inputs share.

    Convert the model again: the file contradicts itself.
    """
    attributes = attributes_of(op, GatherAttributes)
    shape, indices = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    if fault := axis_fault(attributes.axis, len(shape)):
        return fault
    axis, batch = _counted(graph, op)
    fits = 0 <= batch <= min(axis, len(indices)) and shape[:batch] == indices[:batch]
    return None if fits else f"axis {axis}, batch_dims {batch} of {list(shape)} and {list(indices)}"


def indices_exist(graph: Graph, op: Op) -> str | None:
    """Constant indices are inside of the axis.

    Convert the model again: the file contradicts itself.
    """
    data = graph.operand(op, 1).data
    if data is None or axes_fit(graph, op) is not None:
        return None
    size = graph.operand(op, 0).shape[attributes_of(op, GatherAttributes).axis]
    wrong = data[(data < 0) | (data >= size)]
    return f"index {int(wrong[0])} of {size}" if wrong.size else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with the indices' own dimensions in the place of the axis."""
    axis, batch = _counted(graph, op)
    shape, indices = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    return ((*shape[:axis], *indices[batch:], *shape[axis + 1 :]),)


def moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """Known where the indices are constant and the same for all batches."""
    data, shape = graph.operand(op, 1).data, gather_shape(graph, op)
    if data is None or shape.batch != 1:
        return None
    row = shape.size * shape.inner
    loops = [
        axis_of(np.arange(shape.outer) * row),
        axis_of(data.ravel().astype(np.int64) * shape.inner),
        axis_of(np.arange(shape.inner)),
    ]
    attributes = RearrangeAttributes(sum(start for start, _ in loops), tuple(axis for _, axis in loops))
    return moved(graph, op, 0, attributes)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant's elements at constant indices."""
    values, indices = known[0], known[1]
    if values is None or indices is None:
        return None
    shape = gather_shape(graph, op)
    table = values.reshape(shape.batch, shape.outer, shape.size, shape.inner)
    rows = indices.reshape(shape.batch, shape.count)
    found = np.stack([table[batch][:, rows[batch]] for batch in range(shape.batch)])
    return (found.reshape(graph.result(op).shape),)


OPERATOR = Operator(
    kind="GATHER",
    options="GatherOptions",
    from_options=from_options,
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (DType.INT8, DType.FLOAT32)),
        one_dtype((INDEX,), (DType.INT32,)),
        rank(INPUT, 1, 6),
        rank(INDEX, 0, 6),
    ),
    rules=(axes_fit, indices_exist),
    infer=infer,
    evaluate=evaluate,
)
