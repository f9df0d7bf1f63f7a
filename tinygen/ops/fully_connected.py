"""FULLY_CONNECTED: rows of the input times filter [out, in], bias [out]."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    Operand,
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
class FullyConnectedAttributes(Attributes):
    """Fused activation, and whether the output keeps the input's outer dimensions."""

    activation: Activation
    keep_num_dims: bool = False


def from_options(options: Options) -> FullyConnectedAttributes:
    """Attributes from the fields of FullyConnectedOptions."""
    if options.get("weights_format", 0) != 0:
        raise ValueError(f"weights_format {options['weights_format']} instead of DEFAULT")
    return FullyConnectedAttributes(
        activation=Activation(options.get("fused_activation_function", 0)),
        keep_num_dims=bool(options.get("keep_num_dims", False)),
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
        dtypes((INPUT, FILTER, BIAS, OUTPUT), (DType.INT8, DType.INT8, DType.INT32, DType.INT8)),
        rank(INPUT, 1, 4),
        rank(FILTER, 2),
        rank(BIAS, 1),
        quantized(INPUT, OUTPUT),
        weights_quantized(FILTER, axis=0),
    ),
    rules=(
        constant(FILTER, BIAS),
        rows_match,
        supported_activation,
        bias_fits(FILTER, BIAS, unscaled=False),
        factor_fits(weighted_scale_ratio(FILTER)),
    ),
    infer=infer,
    macs=macs,
)
