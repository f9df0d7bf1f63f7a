"""PACK of int32 values that are known when the model is compiled, along a new axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.ops.operator import Known, Operator, Options, Shape, attributes_of
from tinygen.ops.rules import OUTPUT, dtypes, operands


@dataclass(frozen=True)
class PackAttributes(Attributes):
    """The new axis, negative counted from the end, and the number of inputs."""

    axis: int
    values_count: int


def from_options(options: Options) -> PackAttributes:
    """Attributes from the fields of PackOptions."""
    return PackAttributes(axis=options.get("axis", 0), values_count=options.get("values_count", 0))


def _inputs_given(graph: Graph, op: Op) -> str | None:
    """There are as many inputs as values_count says, none left out, all int32 and of one shape.

    Only shape computations are supported: build the tensor outside of the model.
    """
    count = attributes_of(op, PackAttributes).values_count
    if count != len(op.inputs) or None in op.inputs:
        return f"{len(op.inputs)} inputs, values_count {count}"
    tensors = [graph.tensors[key] for key in op.inputs if key is not None]
    different = [item for item in tensors if item.dtype is not DType.INT32 or item.shape != tensors[0].shape]
    return f"{different[0].dtype}{list(different[0].shape)}" if different else None


def axis_exists(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the output.

    Convert the model again: the file contradicts itself.
    """
    axis, dims = attributes_of(op, PackAttributes).axis, len(graph.operand(op, 0).shape) + 1
    return None if -dims <= axis < dims else f"axis {axis} of {dims} dimensions"


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
    form=(operands(1, unlimited=True), dtypes((OUTPUT,), (DType.INT32,)), _inputs_given),
    rules=(axis_exists,),
    infer=infer,
    evaluate=evaluate,
)
