"""CONV_2D: input NHWC, filter OHWI, bias [O]."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops import window
from tinygen.ops.geometry import Activation, Padding, Pads
from tinygen.ops.linear import (
    BIAS,
    FILTER,
    FLOAT32,
    INT8,
    INT8_INT4,
    INT16,
    INT16_BIAS32,
    bias_dtypes,
    one_rounding_fits,
    sums_in_int32,
)
from tinygen.ops.operator import Operator, Options, Shape
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
class Conv2DAttributes(Attributes):
    """Strides and dilations in elements, at least 1.

    `int32_sums`: int16 activations are summed in 32 bits where there is no bias.
    """

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    padding: Padding | Pads
    activation: Activation
    int32_sums: bool = False

    @property
    def wide_biases(self) -> tuple[DType, ...]:
        """Dtypes that a bias beside int16 activations may have, the first being that of one left out."""
        return bias_dtypes(int32_sums=self.int32_sums)


def from_options(options: Options) -> Conv2DAttributes:
    """Attributes from the fields of Conv2DOptions."""
    return Conv2DAttributes(
        stride_h=options.get("stride_h", 0),
        stride_w=options.get("stride_w", 0),
        dilation_h=options.get("dilation_h_factor", 1),
        dilation_w=options.get("dilation_w_factor", 1),
        padding=window.padding_option(options),
        activation=Activation(options.get("fused_activation_function", 0)),
        int32_sums=sums_in_int32(options),
    )


def channels_match(graph: Graph, op: Op) -> str | None:
    """The input's channels divide into groups of the filter's, the output's into as many; the bias fits them.

    Convert the model again: the file contradicts itself.
    """
    source, weights, bias = graph.operand(op, 0), graph.operand(op, 1), graph.optional(op, 2)
    groups, rest = divmod(source.shape[3], weights.shape[3])
    if rest or weights.shape[0] % groups:
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
        dtypes((INPUT, FILTER, BIAS, OUTPUT), INT8, INT8_INT4, INT16, INT16_BIAS32, FLOAT32),
        rank(INPUT, 4),
        rank(FILTER, 4),
        rank(BIAS, 1),
        quantized(INPUT, OUTPUT),
        symmetric_int16(INPUT, OUTPUT),
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
        one_rounding_fits(FILTER, BIAS),
    ),
    infer=infer,
    macs=macs,
)
