"""CONV_2D: input NHWC, filter OHWI, bias [O]."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops import window
from tinygen.ops.geometry import Activation, Padding, Pads
from tinygen.ops.operator import Operator, Options, Shape
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    Operand,
    batch_one,
    bias_fits,
    constant,
    dtypes,
    factor_fits,
    operands,
    quantized,
    rank,
    supported_activation,
    weighted_scale_ratio,
    weights_quantized,
)

FILTER = Operand("filter", 1)
BIAS = Operand("bias", 2)


@dataclass(frozen=True)
class Conv2DAttributes(Attributes):
    """Strides and dilations in elements, at least 1."""

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    padding: Padding | Pads
    activation: Activation


def from_options(options: Options) -> Conv2DAttributes:
    """Attributes from the fields of Conv2DOptions."""
    return Conv2DAttributes(
        stride_h=options.get("stride_h", 0),
        stride_w=options.get("stride_w", 0),
        dilation_h=options.get("dilation_h_factor", 1),
        dilation_w=options.get("dilation_w_factor", 1),
        padding=window.padding_option(options),
        activation=Activation(options.get("fused_activation_function", 0)),
    )


def channels_match(graph: Graph, op: Op) -> str | None:
    """The filter has as many input channels as the input, the bias as many elements as the filter outputs.

    Grouped convolutions are not supported: split the input, or use a depthwise convolution.
    """
    source, weights, bias = graph.operand(op, 0), graph.operand(op, 1), graph.optional(op, 2)
    if weights.shape[3] != source.shape[3]:
        return f"filter {list(weights.shape)} on {source.shape[3]} channels"
    if bias is not None and bias.shape != (weights.shape[0],):
        return f"bias {list(bias.shape)} for {weights.shape[0]} output channels"
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shape of the output, NHWO."""
    return window.image_shape(graph, op, graph.operand(op, 1).shape[0])


def macs(graph: Graph, op: Op) -> int:
    """Taps that fall on padding count, as is usual."""
    return graph.result(op).elements * (graph.operand(op, 1).elements // graph.operand(op, 1).shape[0])


OPERATOR = Operator(
    kind="CONV_2D",
    options="Conv2DOptions",
    from_options=from_options,
    form=(
        operands(2, 3),
        dtypes((INPUT, FILTER, BIAS, OUTPUT), (DType.INT8, DType.INT8, DType.INT32, DType.INT8)),
        rank(INPUT, 4),
        rank(FILTER, 4),
        rank(BIAS, 1),
        quantized(INPUT, OUTPUT),
        weights_quantized(FILTER, axis=0),
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
    ),
    infer=infer,
    macs=macs,
)
