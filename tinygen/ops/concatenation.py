"""CONCATENATION along an axis; int8 inputs have the output's quantization, as TFLM demands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op, Tensor
from tinygen.ops.geometry import Activation
from tinygen.ops.movement import NUMBERS, axis_fault, scale_and_zero_point
from tinygen.ops.operator import Known, Operator, Options, Shape, attributes_of
from tinygen.ops.rules import OUTPUT, one_dtype, operands, rank

MOST_INPUTS = 10
"""kMaxInputNum of concatenation.cc in tensorflow/lite/micro/kernels."""


@dataclass(frozen=True)
class ConcatenationAttributes(Attributes):
    """The axis, negative counted from the end, and the fused activation."""

    axis: int
    activation: Activation


def from_options(options: Options) -> ConcatenationAttributes:
    """Attributes from the fields of ConcatenationOptions."""
    return ConcatenationAttributes(
        axis=options.get("axis", 0), activation=Activation(options.get("fused_activation_function", 0))
    )


def _inputs(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.tensors[key] for key in op.inputs if key is not None]


def none_left_out(graph: Graph, op: Op) -> str | None:
    """No input is left out, and all have the output's dtype and 1 to 6 dimensions, none of size 0.

    Convert the model again: the file contradicts itself.
    """
    if None in op.inputs:
        return f"input {op.inputs.index(None)} left out"
    result = graph.result(op)
    wrong = [
        item
        for item in _inputs(graph, op)
        if item.dtype is not result.dtype or not 1 <= len(item.shape) <= 6 or 0 in item.shape
    ]
    return f"{wrong[0].dtype}{list(wrong[0].shape)}" if wrong else None


def shapes_fit(graph: Graph, op: Op) -> str | None:
    """The axis is a dimension of the inputs, whose other dimensions are equal.

    Convert the model again: the file contradicts itself.
    """
    shapes = [item.shape for item in _inputs(graph, op)]
    axis, dims = attributes_of(op, ConcatenationAttributes).axis, len(shapes[0])
    if fault := axis_fault(axis, dims):
        return fault
    others = {(*shape[: axis % dims], *shape[axis % dims + 1 :]) for shape in shapes}
    same_rank = all(len(shape) == dims for shape in shapes)
    return None if same_rank and len(others) == 1 else f"{[list(shape) for shape in shapes]}"


def no_activation(graph: Graph, op: Op) -> str | None:
    """There is no fused activation.

    Make the activation a layer of its own.
    """
    activation = attributes_of(op, ConcatenationAttributes).activation
    return None if activation is Activation.NONE else str(activation)


def quantized_alike(graph: Graph, op: Op) -> str | None:
    """Inputs of int8 have the scale and zero point of the output; zero points of int16 tensors are 0.

    Convert the model again with a current converter, which rescales inputs where they differ.
    """
    result = graph.result(op)
    if result.dtype is DType.INT8:
        wanted = scale_and_zero_point(result)
        found = [scale_and_zero_point(item) for item in _inputs(graph, op)]
        wrong = [pair for pair in found if pair != wanted]
        return f"({wrong[0][0]:g}, {wrong[0][1]}) into ({wanted[0]:g}, {wanted[1]})" if wrong else None
    if result.dtype is DType.INT16:
        zeros = [scale_and_zero_point(item)[1] for item in (*_inputs(graph, op), result)]
        return f"zero points {zeros}" if any(zeros) else None
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The inputs' shape, their sizes along the axis added up."""
    shapes = [item.shape for item in _inputs(graph, op)]
    axis = attributes_of(op, ConcatenationAttributes).axis % len(shapes[0])
    size = sum(shape[axis] for shape in shapes)
    return ((*shapes[0][:axis], size, *shapes[0][axis + 1 :]),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constants, one after the other."""
    arrays = [values for values in known if values is not None]
    if len(arrays) != len(op.inputs):
        return None
    return (np.concatenate(arrays, attributes_of(op, ConcatenationAttributes).axis),)


OPERATOR = Operator(
    kind="CONCATENATION",
    options="ConcatenationOptions",
    from_options=from_options,
    form=(
        operands(1, MOST_INPUTS),
        one_dtype((OUTPUT,), (*NUMBERS, DType.INT64, DType.BOOL)),
        none_left_out,
        rank(OUTPUT, 1, 6),
    ),
    rules=(shapes_fit, no_activation, quantized_alike),
    infer=infer,
    evaluate=evaluate,
)
