"""ADD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops import broadcast
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import QUANTIZED_DTYPES, activation_fits, factor_below_one, supported_activation


@dataclass(frozen=True)
class AddAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> AddAttributes:
    """Attributes from the fields of AddOptions."""
    return AddAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def left_shift(dtype: DType) -> int:
    """Bits that operands gain before they are rescaled (tensorflow/lite/micro/kernels/add_common.cc)."""
    return 15 if dtype is DType.INT16 else 20


def rescale_factors(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Real factors of both inputs and of the output, of ADD and SUB.

    Source: CalculateOpDataAdd in tensorflow/lite/micro/kernels/add_common.cc.
    """
    first, second, output = broadcast.scales(graph, op)
    unit = 2.0 * max(first, second)
    return first / unit, second / unit, unit / ((1 << left_shift(graph.result(op).dtype)) * output)


def no_int32_activation(graph: Graph, op: Op) -> str | None:
    """An ADD of int32 has no fused activation.

    TFLM leaves it out without saying so. Make it a layer of its own.
    """
    activation = attributes_of(op, AddAttributes).activation
    wrong = graph.result(op).dtype is DType.INT32 and activation is not Activation.NONE
    return str(activation) if wrong else None


def rescaled(
    graph: Graph, op: Op, known: Known, factors: tuple[float, float, float], signs: tuple[int, int]
) -> Array | None:
    """The sum of the inputs times `signs` in units of the output, which TFLM rounds three times."""
    first, second = known[0], known[1]
    if first is None or second is None:
        return None
    bits = left_shift(graph.result(op).dtype)
    total = sum(
        signs[index]
        * multiply_by_quantized_multiplier(
            broadcast.zeroed(graph, op, index, values) << bits, *quantize_multiplier(factors[index])
        )
        for index, values in enumerate((first, second))
    )
    return multiply_by_quantized_multiplier(total, *quantize_multiplier(factors[2]))


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The sum as TFLM rounds it (add.h in tensorflow/lite/kernels/internal/reference and integer_ops)."""
    if known[0] is None or known[1] is None:
        return None
    activation = attributes_of(op, AddAttributes).activation
    if graph.result(op).dtype not in QUANTIZED_DTYPES:
        return broadcast.clamp_plain(broadcast.plain(graph, op, known, np.add), activation)
    scaled = rescaled(graph, op, known, rescale_factors(graph, op), (1, 1))
    return None if scaled is None else (broadcast.clamp(graph, op, scaled, activation),)


OPERATOR = Operator(
    kind="ADD",
    options="AddOptions",
    from_options=from_options,
    form=broadcast.form((DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32), *broadcast.SCALED),
    rules=(
        broadcast.shapes_broadcast,
        broadcast.plain_int32,
        factor_below_one(lambda graph, op: rescale_factors(graph, op)[2]),
        supported_activation,
        activation_fits,
        no_int32_activation,
    ),
    infer=broadcast.infer,
    evaluate=evaluate,
)
