"""MUL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops import broadcast
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import (
    LEAST_SCALE,
    QUANTIZED_DTYPES,
    activation_fits,
    factor_fits,
    quantized,
    supported_activation,
    symmetric_int16,
)


@dataclass(frozen=True)
class MulAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> MulAttributes:
    """Attributes from the fields of MulOptions."""
    return MulAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def rescale_factor(graph: Graph, op: Op) -> float:
    """Product of the inputs' scales over the output's; see CalculateOpDataMul in mul_common.cc."""
    first, second, output = broadcast.scales(graph, op)
    return first * second / output


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The product as TFLM rounds it (mul.h in tensorflow/lite/kernels/internal/reference and integer_ops)."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    activation = attributes_of(op, MulAttributes).activation
    if graph.result(op).dtype not in QUANTIZED_DTYPES:
        return broadcast.clamp_plain(broadcast.plain(graph, op, known, np.multiply), activation)
    product = broadcast.zeroed(graph, op, 0, first) * broadcast.zeroed(graph, op, 1, second)
    scaled = multiply_by_quantized_multiplier(product, *quantize_multiplier(rescale_factor(graph, op)))
    return (broadcast.clamp(graph, op, scaled, activation),)


OPERATOR = Operator(
    kind="MUL",
    options="MulOptions",
    from_options=from_options,
    form=broadcast.form(
        (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32),
        quantized(broadcast.FIRST, broadcast.SECOND, least=0),
        quantized(broadcast.OUTPUT, least=LEAST_SCALE),
        symmetric_int16(broadcast.FIRST, broadcast.SECOND, broadcast.OUTPUT),
    ),
    rules=(
        broadcast.shapes_broadcast,
        factor_fits(rescale_factor),
        supported_activation,
        activation_fits,
    ),
    infer=broadcast.infer,
    evaluate=evaluate,
)
