"""ADD of int8 tensors."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Array, Attributes, Graph, Op
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops import broadcast
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import supported_activation

LEFT_SHIFT = 20
"""Bits that int8 operands gain before they are rescaled (tensorflow/lite/micro/kernels/add_common.cc)."""


@dataclass(frozen=True)
class AddAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> AddAttributes:
    """Attributes from the fields of AddOptions."""
    return AddAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def rescale_factors(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Real factors of both inputs and of the output; see CalculateOpDataAdd in add_common.cc."""
    first, second, output = broadcast.scales(graph, op)
    unit = 2.0 * max(first, second)
    return first / unit, second / unit, unit / ((1 << LEFT_SHIFT) * output)


def output_factor_below_one(graph: Graph, op: Op) -> str | None:
    """The output's scale is above 2**-19 times the larger input scale.

    Source: QuantizeMultiplierSmallerThanOneExp in tensorflow/lite/kernels/internal/quantization_util.cc.
    Check the ranges that the representative dataset produces.
    """
    factor = rescale_factors(graph, op)[2]
    return None if factor < 1.0 else f"factor {factor:g}"


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The sum as TFLM rounds it (tensorflow/lite/kernels/internal/reference/integer_ops/add.h)."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    factors = rescale_factors(graph, op)
    total = sum(
        multiply_by_quantized_multiplier(
            broadcast.zeroed(graph, op, index, values) << LEFT_SHIFT, *quantize_multiplier(factors[index])
        )
        for index, values in enumerate((first, second))
    )
    scaled = multiply_by_quantized_multiplier(total, *quantize_multiplier(factors[2]))
    return (broadcast.clamp(graph, op, scaled, attributes_of(op, AddAttributes).activation),)


OPERATOR = Operator(
    kind="ADD",
    options="AddOptions",
    from_options=from_options,
    form=broadcast.FORM,
    rules=(broadcast.shapes_broadcast, output_factor_below_one, supported_activation),
    infer=broadcast.infer,
    evaluate=evaluate,
)
