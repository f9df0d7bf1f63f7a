"""MUL of int8 tensors."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Array, Attributes, Graph, Op
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops import broadcast
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import factor_fits, supported_activation


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
    """The product as TFLM rounds it (tensorflow/lite/kernels/internal/reference/integer_ops/mul.h)."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    product = broadcast.zeroed(graph, op, 0, first) * broadcast.zeroed(graph, op, 1, second)
    scaled = multiply_by_quantized_multiplier(product, *quantize_multiplier(rescale_factor(graph, op)))
    return (broadcast.clamp(graph, op, scaled, attributes_of(op, MulAttributes).activation),)


OPERATOR = Operator(
    kind="MUL",
    options="MulOptions",
    from_options=from_options,
    form=broadcast.FORM,
    rules=(broadcast.shapes_broadcast, factor_fits(rescale_factor), supported_activation),
    infer=broadcast.infer,
    evaluate=evaluate,
)
