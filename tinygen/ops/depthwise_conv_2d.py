"""DEPTHWISE_CONV_2D: input NHWC, filter 1HWC', bias [C'], where C' = C * depth multiplier."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, Graph, Op
from tinygen.ops import window
from tinygen.ops.geometry import Activation, Padding, Pads
from tinygen.ops.linear import (
    BIAS,
    FILTER,
    FLOAT32,
    INT8,
    INT8_INT4,
    INT16,
    one_rounding_fits,
)
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    batch_one,
    bias_fits,
    constant,
    dtypes,
    factor_fits,
    operands,
    quantized,
    rank,
    supported_activation,
    symmetric_int16,
    weighted_scale_ratio,
    weights_quantized,
)


@dataclass(frozen=True)
class DepthwiseConv2DAttributes(Attributes):
    """Strides and dilations in elements, at least 1; output channels per input channel."""

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    padding: Padding | Pads
    activation: Activation
    depth_multiplier: int


def from_options(options: Options) -> DepthwiseConv2DAttributes:
    """Attributes from the fields of DepthwiseConv2DOptions."""
    return DepthwiseConv2DAttributes(
        stride_h=options.get("stride_h", 0),
        stride_w=options.get("stride_w", 0),
        dilation_h=options.get("dilation_h_factor", 1),
        dilation_w=options.get("dilation_w_factor", 1),
        padding=window.padding_option(options),
        activation=Activation(options.get("fused_activation_function", 0)),
        depth_multiplier=options.get("depth_multiplier", 0),
    )


def channels_match(graph: Graph, op: Op) -> str | None:
    """The filter is 1xHxWxC' and the bias [C'], with C' the input channels times the depth multiplier.

    Convert the model again: the file contradicts itself.
    """
    source, weights, bias = graph.operand(op, 0), graph.operand(op, 1), graph.optional(op, 2)
    multiplier = attributes_of(op, DepthwiseConv2DAttributes).depth_multiplier
    if weights.shape[0] != 1 or weights.shape[3] != source.shape[3] * multiplier:
        return f"filter {list(weights.shape)} on {source.shape[3]} channels, depth multiplier {multiplier}"
    if bias is not None and bias.shape != (weights.shape[3],):
        return f"bias {list(bias.shape)} for {weights.shape[3]} output channels"
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shape of the output, NHWC'."""
    return window.image_shape(graph, op, graph.operand(op, 1).shape[3])


def macs(graph: Graph, op: Op) -> int:
    """Taps that fall on padding count, as is usual."""
    height, width = window.filter_hw(graph, op)
    return graph.result(op).elements * height * width


OPERATOR = Operator(
    kind="DEPTHWISE_CONV_2D",
    options="DepthwiseConv2DOptions",
    from_options=from_options,
    form=(
        operands(2, 3),
        dtypes((INPUT, FILTER, BIAS, OUTPUT), INT8, INT8_INT4, INT16, FLOAT32),
        rank(INPUT, 4),
        rank(FILTER, 4),
        rank(BIAS, 1),
        quantized(INPUT, OUTPUT),
        symmetric_int16(INPUT, OUTPUT),
        weights_quantized(FILTER, axis=3),
    ),
    rules=(
        batch_one,
        constant(FILTER, BIAS),
        channels_match,
        window.positive_steps,
        window.window_fits,
        supported_activation,
        bias_fits(FILTER, BIAS, unscaled=True),
        factor_fits(weighted_scale_ratio(FILTER)),
        one_rounding_fits(FILTER, BIAS),
    ),
    infer=infer,
    macs=macs,
)
