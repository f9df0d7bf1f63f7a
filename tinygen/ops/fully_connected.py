"""FULLY_CONNECTED: rows of the input times filter [out, in], bias [out]."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.geometry import Activation
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
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
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
class FullyConnectedAttributes(Attributes):
    """Fused activation, and whether the output keeps the input's outer dimensions.

    `int32_sums`: int16 activations are summed in 32 bits where there is no bias.
    """

    activation: Activation
    keep_num_dims: bool = False
    int32_sums: bool = False

    @property
    def wide_biases(self) -> tuple[DType, ...]:
        """Dtypes that a bias beside int16 activations may have, the first being that of one left out."""
        return bias_dtypes(int32_sums=self.int32_sums)


def from_options(options: Options) -> FullyConnectedAttributes:
    """Attributes from the fields of FullyConnectedOptions."""
    if options.get("weights_format", 0) != 0:
        raise ValueError(f"weights_format {options['weights_format']} instead of DEFAULT")
    return FullyConnectedAttributes(
        activation=Activation(options.get("fused_activation_function", 0)),
        keep_num_dims=bool(options.get("keep_num_dims", False)),
        int32_sums=sums_in_int32(options),
    )


def rows_match(graph: Graph, op: Op) -> str | None:
    """The input is a whole number of rows of the filter; the bias has one element per output.

    Flatten the input before the layer.
    """
    source, weights, bias = graph.operand(op, 0), graph.operand(op, 1), graph.optional(op, 2)
    outputs, inputs = weights.shape
    if bias is not None and bias.shape != (outputs,):
        return f"bias {list(bias.shape)} for {outputs} outputs"
    keep = attributes_of(op, FullyConnectedAttributes).keep_num_dims
    fits = source.shape[-1] == inputs if keep else source.elements % inputs == 0
    return None if fits else f"input {list(source.shape)} on filter {list(weights.shape)}"


def one_scale_of_four_bits(graph: Graph, op: Op) -> str | None:
    """Weights of four bits have one scale.

    Convert with one scale for a tensor: TFLM has no FULLY_CONNECTED of int4 with one for each output.
    """
    weights = graph.operand(op, 1)
    wrong = weights.dtype is DType.INT4 and weights.quant is not None and weights.quant.per_channel
    return f"{len(weights.quant.scales)} scales" if wrong and weights.quant else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shape of the output: [rows, out], or the input's with the last dimension replaced."""
    source = graph.operand(op, 0)
    outputs, inputs = graph.operand(op, 1).shape
    if attributes_of(op, FullyConnectedAttributes).keep_num_dims:
        return ((*source.shape[:-1], outputs),)
    return ((source.elements // inputs, outputs),)


def macs(graph: Graph, op: Op) -> int:
    """One for each weight and row."""
    return graph.result(op).elements * graph.operand(op, 1).shape[1]


OPERATOR = Operator(
    kind="FULLY_CONNECTED",
    options="FullyConnectedOptions",
    from_options=from_options,
    form=(
        operands(2, 3),
        dtypes((INPUT, FILTER, BIAS, OUTPUT), INT8, INT8_INT4, INT16, INT16_BIAS32, FLOAT32),
        rank(INPUT, 1, 4),
        rank(FILTER, 2),
        rank(BIAS, 1),
        quantized(INPUT, OUTPUT),
        symmetric_int16(INPUT, OUTPUT),
        weights_quantized(FILTER, axis=0),
    ),
    rules=(
        constant(FILTER, BIAS),
        rows_match,
        one_scale_of_four_bits,
        supported_activation,
        bias_fits(FILTER, BIAS, unscaled=False),
        factor_fits(weighted_scale_ratio(FILTER)),
        one_rounding_fits(FILTER, BIAS),
    ),
    infer=infer,
    macs=macs,
)
