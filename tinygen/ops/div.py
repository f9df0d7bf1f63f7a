"""DIV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op, Tensor
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops import broadcast
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import QUANTIZED_DTYPES, activation_fits, supported_activation


@dataclass(frozen=True)
class DivAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> DivAttributes:
    """Attributes from the fields of DivOptions."""
    return DivAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def rescale_factor(graph: Graph, op: Op) -> float:
    """The first input's scale over the product of the others'.

    Source: CalculateOpDataDiv in tensorflow/lite/micro/kernels/div.cc.
    """
    first, second, output = broadcast.scales(graph, op)
    return first / (second * output)


def no_zero_divisor(graph: Graph, op: Op) -> str | None:
    """A constant divisor of integers has no zeros.

    Change the constant: TFLM leaves the quotient undefined.
    """
    divisor = graph.operand(op, 1)
    if divisor.data is None or divisor.dtype.is_float:
        return None
    return "a zero" if (broadcast.zeroed(graph, op, 1, divisor.data) == 0).any() else None


def _magnitudes(tensor: Tensor, zero_point: int) -> tuple[int, int]:
    """Smallest and largest magnitude above zero that an int8 tensor can have without its zero point."""
    values = np.arange(-128, 128) if tensor.data is None else tensor.data.astype(np.int64).ravel()
    found = np.abs(values - zero_point)
    found = found[found > 0]
    return (int(found.min()), int(found.max())) if found.size else (1, 1)


def quotient_fits(graph: Graph, op: Op) -> str | None:
    """The int8 quotient is shifted by 0 to 31 bits whatever the inputs are.

    TFLM leaves other shifts undefined: it needs a first input's scale of at least 64 times the product of the
    other scales, or of the power of two below a constant divisor's largest step count. Divide in float32, or
    multiply by the reciprocal of a constant.
    """
    if graph.result(op).dtype not in QUANTIZED_DTYPES:
        return None
    factor = rescale_factor(graph, op)
    if not 0 < factor < np.inf:
        return f"factor {factor:g}"
    dividend, divisor = graph.operand(op, 0), graph.operand(op, 1)
    zeros = [tensor.quant.zero_point if tensor.quant else 0 for tensor in (dividend, divisor)]
    _, shift = quantize_multiplier(factor)
    largest = _magnitudes(dividend, zeros[0])[1]
    smallest_divisor, largest_divisor = _magnitudes(divisor, zeros[1])
    # 0 and -1 have 31 bits of headroom.
    most = largest_divisor.bit_length() - 1 + 31 - shift
    least = smallest_divisor.bit_length() - 1 + 31 - largest.bit_length() - shift
    return None if least >= 0 and most <= 31 else f"factor {factor:g}, shifts {least} to {most}"


def _quotient(first: Array, second: Array) -> Array:
    """Of integers towards zero, of other numbers as they are."""
    if first.dtype.kind == "f":
        quotient: Array = first / second
    else:
        quotient = np.sign(first) * np.sign(second) * (np.abs(first) // np.abs(second))
    return quotient


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The quotient of int32 or float32 (tensorflow/lite/kernels/internal/reference/div.h)."""
    if graph.result(op).dtype in QUANTIZED_DTYPES:
        return None
    values = broadcast.plain(graph, op, known, _quotient)
    return broadcast.clamp_plain(values, attributes_of(op, DivAttributes).activation)


OPERATOR = Operator(
    kind="DIV",
    options="DivOptions",
    from_options=from_options,
    form=broadcast.form((DType.INT8, DType.INT32, DType.FLOAT32), *broadcast.SCALED),
    rules=(
        broadcast.shapes_broadcast,
        broadcast.plain_int32,
        no_zero_divisor,
        quotient_fits,
        supported_activation,
        activation_fits,
    ),
    infer=broadcast.infer,
    evaluate=evaluate,
)
