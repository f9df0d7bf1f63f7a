"""PACK: tensors of one shape stacked along a new axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.ops.movement import NUMBERS, axis_fault
from tinygen.ops.operator import Known, Operator, Options, Shape, attributes_of
from tinygen.ops.rules import OUTPUT, one_dtype, operands


@dataclass(frozen=True)
class PackAttributes(Attributes):
    """The new axis, negative counted from the end, and the number of inputs."""

    axis: int
    values_count: int


def from_options(options: Options) -> PackAttributes:
    """Attributes from the fields of PackOptions."""
    return PackAttributes(axis=options.get("axis", 0), values_count=options.get("values_count", 0))


def _inputs_given(graph: Graph, op: Op) -> str | None:
    """There are values_count inputs, none left out, of the output's dtype and of one shape without zeros.

    Convert the model again: the file contradicts itself.
    """
    count = attributes_of(op, PackAttributes).values_count
    if count != len(op.inputs) or None in op.inputs:
        return f"{len(op.inputs)} inputs, values_count {count}"
    tensors = [graph.tensors[key] for key in op.inputs if key is not None]
    shape, dtype = tensors[0].shape, graph.result(op).dtype
    wrong = [item for item in tensors if item.dtype is not dtype or item.shape != shape or 0 in shape]
    return f"{wrong[0].dtype}{list(wrong[0].shape)}" if wrong else None


def axis_exists(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the output.

    Convert the model again: the file contradicts itself.
    """
    return axis_fault(attributes_of(op, PackAttributes).axis, len(graph.operand(op, 0).shape) + 1)


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The inputs' shape with their number inserted at the axis."""
    shape = graph.operand(op, 0).shape
    axis = attributes_of(op, PackAttributes).axis % (len(shape) + 1)
    return ((*shape[:axis], len(op.inputs), *shape[axis:]),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constants stacked."""
    arrays = [values for values in known if values is not None]
    if len(arrays) != len(op.inputs):
        return None
    return (np.stack(arrays, attributes_of(op, PackAttributes).axis),)


OPERATOR = Operator(
    kind="PACK",
    options="PackOptions",
    from_options=from_options,
    form=(
        operands(1, unlimited=True),
        one_dtype((OUTPUT,), (*NUMBERS, DType.INT64)),
        _inputs_given,
    ),
    rules=(axis_exists,),
    infer=infer,
    evaluate=evaluate,
)
