"""TRANSPOSE_CONV: shape of the output, filter OHWI, input NHWC, bias [O]."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops import window
from tinygen.ops.geometry import Activation, Padding
from tinygen.ops.linear import (
    FILTER,
    FLOAT32,
    INT8,
    INT16,
    INT16_BIAS16,
    one_rounding_fits,
)
from tinygen.ops.operator import Operator, Options, Shape
from tinygen.ops.rules import (
    OUTPUT,
    Operand,
    batch_one_of,
    bias_fits,
    constant,
    dtypes,
    factor_fits,
    one_dtype,
    operands,
    quantized,
    rank,
    supported_activation,
    symmetric_int16,
    weighted_scale_ratio,
    weights_quantized,
)

SHAPE = Operand("output shape", 0)
SOURCE = Operand("input", 2)
BIAS = Operand("bias", 3)


@dataclass(frozen=True)
class TransposeConvAttributes(Attributes):
    """Strides in elements, at least 1; padding is that of the convolution that this one transposes."""

    stride_h: int
    stride_w: int
    padding: Padding
    activation: Activation


def from_options(options: Options) -> TransposeConvAttributes:
    """Attributes from the fields of TransposeConvOptions."""
    return TransposeConvAttributes(
        stride_h=options.get("stride_h", 0),
        stride_w=options.get("stride_w", 0),
        padding=window.padding_option(options),
        activation=Activation(options.get("fused_activation_function", 0)),
    )


def four_sizes(graph: Graph, op: Op) -> str | None:
    """The output shape has 4 elements.

    Convert the model again: the file is damaged.
    """
    tensor = graph.operand(op, 0)
    return None if tensor.elements == 4 else f"{tensor.elements} elements"


def channels_match(graph: Graph, op: Op) -> str | None:
    """The filter has as many input channels as the input, the bias as many elements as the filter outputs.

    Convert the model again: the file contradicts itself.
    """
    weights, source, bias = graph.operand(op, 1), graph.operand(op, 2), graph.optional(op, 3)
    if weights.shape[3] != source.shape[3]:
        return f"filter {list(weights.shape)} on {source.shape[3]} channels"
    if bias is not None and bias.shape != (weights.shape[0],):
        return f"bias {list(bias.shape)} for {weights.shape[0]} output channels"
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shape of the output, NHWO; where it is given at run time TFLM takes that in the file all the same."""
    given = graph.operand(op, 0).data
    sizes = graph.result(op).shape if given is None else [int(size) for size in given.flat]
    return ((graph.operand(op, 2).shape[0], sizes[1], sizes[2], graph.operand(op, 1).shape[0]),)


def macs(graph: Graph, op: Op) -> int:
    """Products that fall outside the output count, as is usual."""
    return graph.operand(op, 2).elements * (graph.operand(op, 1).elements // graph.operand(op, 1).shape[3])


OPERATOR = Operator(
    kind="TRANSPOSE_CONV",
    options="TransposeConvOptions",
    from_options=from_options,
    form=(
        operands(3, 4),
        dtypes((SOURCE, FILTER, BIAS, OUTPUT), INT8, INT16, INT16_BIAS16, FLOAT32),
        one_dtype((SHAPE,), (DType.INT32,)),
        rank(SHAPE, 1),
        rank(FILTER, 4),
        rank(SOURCE, 4),
        rank(BIAS, 1),
        rank(OUTPUT, 4),
        four_sizes,
        quantized(SOURCE, OUTPUT),
        symmetric_int16(SOURCE, OUTPUT),
        weights_quantized(FILTER, axis=0),
    ),
    rules=(
        batch_one_of(SOURCE),
        constant(FILTER, BIAS),
        channels_match,
        window.positive_steps,
        supported_activation,
        bias_fits(FILTER, BIAS, SOURCE, unscaled=True),
        factor_fits(weighted_scale_ratio(FILTER, SOURCE)),
        one_rounding_fits(FILTER, BIAS, SOURCE),
    ),
    infer=infer,
    macs=macs,
)
