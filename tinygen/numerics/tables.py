"""Tables of unary functions, value for value what TFLM's kernels compute.

Tables of int8 functions have 256 entries, indexed by the input's byte taken as unsigned: 0..127, then
-128..-1. What a kernel in C would have to compute for each element is computed here once for each value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinygen.numerics import fixed_functions
from tinygen.numerics.fixed_point import (
    Array,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
    saturate,
)

RealFunction = Callable[[float], float]


@dataclass(frozen=True)
class Affine:
    """Scale (a float32 value) and zero point of a tensor."""

    scale: float
    zero_point: int


def _bytes() -> Array:
    """Every int8 value in the order of the tables."""
    return np.arange(256, dtype=np.uint8).view(np.int8).astype(np.int64)


def _round(values: Array) -> Array:
    """Halves away from zero, as C's round, in the dtype of `values`."""
    whole = np.trunc(values)
    further = np.where(np.abs(values - whole) >= 0.5, np.copysign(1, values), 0)
    rounded: Array = (whole + further).astype(values.dtype)
    return rounded


def _float32(function: RealFunction, values: Array) -> Array:
    """`function` of float32 values, rounded to float32 once."""
    return np.asarray([function(float(value)) for value in values.ravel()], np.float32).reshape(values.shape)


def _saturating_curve(source: Affine, curve: Callable[[Array], Array]) -> Array:
    """LOGISTIC's and TANH's way into Q4.27 and, beyond its range, to the ends of int8.

    Args:
        source: of the input.
        curve: the output before saturation for an input in Q4.27.
    """
    value = _bytes() - source.zero_point
    fraction, shift = math.frexp(source.scale * (1 << 27))
    radius = fixed_functions.input_radius(4, shift)
    inside = np.abs(value) < radius
    scaled = multiply_by_quantized_multiplier(np.where(inside, value, 0), round(fraction * (1 << 31)), shift)
    return saturate(np.where(inside, curve(scaled), np.where(value <= -radius, -128, 127)), np.int8)


def logistic_s8(source: Affine) -> Array:
    """LOGISTIC to scale 1/256 and zero point -128.

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h.
    """
    return _saturating_curve(
        source, lambda x: rounding_divide_by_pot(fixed_functions.logistic(x, 4), 23) - 128
    )


def tanh_s8(source: Affine) -> Array:
    """TANH to scale 1/128 and zero point 0.

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h.
    """
    return _saturating_curve(source, lambda x: rounding_divide_by_pot(fixed_functions.tanh(x, 4), 24))


def elu_s8(source: Affine, result: Affine) -> Array:
    """ELU by way of float32. Source: PopulateLookupTable in tensorflow/lite/micro/kernels/elu.cc."""
    real = np.float32(source.scale) * (_bytes() - source.zero_point).astype(np.float32)
    below = _float32(math.exp, np.minimum(real, np.float32(0))) - np.float32(1)
    transformed = np.where(real < 0, below, real)
    rescaled = _round(transformed * (np.float32(1) / np.float32(result.scale)))
    return saturate((rescaled + np.float32(result.zero_point)).astype(np.int64), np.int8)


def leaky_relu_factors(alpha: float, source: Affine, result: Affine) -> tuple[float, float]:
    """Factors of values below zero and of the others: products and quotients of doubles.

    Source: CalculateOpDataLeakyRelu in tensorflow/lite/micro/kernels/leaky_relu_common.cc.
    """
    return source.scale * float(np.float32(alpha)) / result.scale, source.scale / result.scale


def leaky_relu_s8(alpha: float, source: Affine, result: Affine) -> Array:
    """LEAKY_RELU. Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h."""
    value = _bytes() - source.zero_point
    below, above = leaky_relu_factors(alpha, source, result)
    # TFLM scales by the magnitude of a negative alpha and negates the result.
    scaled = multiply_by_quantized_multiplier(value, *quantize_multiplier(abs(below)))
    negative = -scaled if below < 0 else scaled
    positive = multiply_by_quantized_multiplier(value, *quantize_multiplier(above))
    return saturate(np.where(value >= 0, positive, negative) + result.zero_point, np.int8)


def abs_s8(source: Affine, result: Affine) -> Array:
    """ABS. Source: AbsEvalQuantized in tensorflow/lite/micro/kernels/elementwise.cc."""
    value = np.abs(_bytes() - source.zero_point)
    scaled = multiply_by_quantized_multiplier(value, *quantize_multiplier(source.scale / result.scale))
    return saturate(scaled + result.zero_point, np.int8)


RSQRT_SHIFT = 20
"""Fraction bits of RSQRT's intermediate result."""


def rsqrt_factor(source: Affine, result: Affine) -> float:
    """Factor of 1 / sqrt(quantized value). Source: SetRsqrtOutputMultiplier in elementwise.cc."""
    return 1.0 / (math.sqrt(source.scale) * result.scale)


def rsqrt_s8(source: Affine, result: Affine) -> Array:
    """RSQRT; values at or below zero, on which TFLM's kernel saturates or stops, give the highest output.

    Source: RsqrtEvalQuantized in tensorflow/lite/micro/kernels/elementwise.cc.
    """
    multiplier, shift = quantize_multiplier(rsqrt_factor(source, result))
    entries = []
    for value in (_bytes() - source.zero_point).tolist():
        if value <= 0:
            entries.append(127)
            continue
        inverse, inverse_shift = fixed_functions.inverse_sqrt(value)
        inner = multiply_by_quantized_multiplier(1, inverse, inverse_shift + RSQRT_SHIFT)
        outer = multiply_by_quantized_multiplier(inner, multiplier, shift - RSQRT_SHIFT)
        entries.append(int(outer) + result.zero_point)
    return saturate(entries, np.int8)


def _high_mul_16(a: Array, b: int | Array, *, rounded: bool) -> Array:
    """The high half of 2*a*b of int16 values, rounded to nearest or towards zero, saturated."""
    product = a * np.asarray(b, np.int64)
    if rounded:
        product = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    high: Array = np.sign(product) * (np.abs(product) >> 15)
    return np.minimum(high, 32767)


def hard_swish_factors(source: Affine, result: Affine) -> tuple[tuple[int, int], tuple[int, int]]:
    """Multiplier of 16 bits and exponent of HARD_SWISH's output and of its ramp from 0 to 1.

    Source: HardSwishPrepare in tensorflow/lite/micro/kernels/hard_swish_common.cc.
    """
    factors = []
    for unit in (result.scale, 3.0 / 32768.0):
        multiplier, exponent = quantize_multiplier(source.scale / 128.0 / unit)
        factors.append((min((multiplier + (1 << 15)) >> 16, 32767), exponent))
    return factors[0], factors[1]


def hard_swish_s8(source: Affine, result: Affine) -> Array:
    """HARD_SWISH in int16 arithmetic.

    Source: HardSwish in tensorflow/lite/kernels/internal/reference/hard_swish.h.
    """
    (output_multiplier, output_exponent), (multiplier, exponent) = hard_swish_factors(source, result)
    value = (_bytes() - source.zero_point) << 7
    unshifted = _high_mul_16(value, output_multiplier, rounded=True)
    if exponent > 0:
        value = np.clip(value << (exponent - 1), -32768, 32767)
    ramp = _high_mul_16(value, multiplier, rounded=True)
    if exponent > 0:
        ramp = np.clip(ramp << 1, -32768, 32767)
    if exponent < 0:
        ramp = rounding_divide_by_pot(ramp, -exponent)
    product = _high_mul_16((ramp + (1 << 15)) >> 1, unshifted, rounded=False)
    return saturate(rounding_divide_by_pot(product, -output_exponent) + result.zero_point, np.int8)


def sigmoid_table() -> Array:
    """uint16[256]: 65536 / (1 + e**-x) at x = i/24, for interpolation between neighbours.

    Each entry is off by half the error of interpolating halfway to the next one; the last one is the end
    of the range. Equal to sigmoid_table_uint16 in tensorflow/lite/kernels/internal/common.h.
    """
    at, middle, after = (65536 / (1 + np.exp(-(np.arange(256) + step) / 24)) for step in (0, 0.5, 1))
    entries = np.floor(at + (middle - (at + after) / 2) / 2 + 0.5)
    entries[-1] = 65535
    table: Array = entries.astype(np.uint16)
    return table


def sigmoid_scaling(scale: float, shifts: tuple[int, ...]) -> tuple[int, int]:
    """Multiplier and right shift from int16 values of `scale` to units of 1/12288.

    Source: CalculateArithmeticOpDataLogistic in tensorflow/lite/micro/kernels/logistic_common.cc and
    CalculateArithmeticOpData in tensorflow/lite/micro/kernels/tanh.cc.

    Args:
        scale: a float32 value.
        shifts: n for which a scale near 2**(n - 12) is taken as that power of two.
    """
    log2, exact = checked_log2(scale)
    if exact and log2 + 12 in shifts:
        return 3 << (log2 + 12), 0
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = 2 * multiplier, shift + 1
    return int(multiplier), shift


def checked_log2(value: float) -> tuple[int, bool]:
    """The rounded logarithm, and whether it is within 1/1000 of it (CheckedLog2 in quantization_util.cc)."""
    log2 = np.float32(math.log(value)) * (np.float32(1) / np.float32(math.log(2.0)))
    rounded = _round(np.asarray(log2, np.float32))
    return int(rounded), bool(abs(np.float32(log2 - rounded)) < np.float32(1e-3))


def interpolation_table(
    function: RealFunction, source: tuple[float, int], result: tuple[float, int]
) -> Array:
    """int16[513]: a function of int16 values by steps of 128, for interpolation.

    Source: LUTPopulate in tensorflow/lite/kernels/internal/common.h, in float32.

    Args:
        function: of real values.
        source: scale and zero point of the input.
        result: scale and zero point of the output.
    """
    low, high = (np.float32(source[0]) * np.float32(end - source[1]) for end in (-32768, 32767))
    out_low, out_high = (np.float32(result[0]) * np.float32(end - result[1]) for end in (-32768, 32767))
    step = (high - low) / np.float32(512)
    unit = np.float32(65536) / (out_high - out_low)
    start = low + np.arange(513, dtype=np.float32) * step
    value = _float32(function, start) * unit
    middle = _round(_float32(function, start[:-1] + step / np.float32(2)) * unit)
    sample = _round(value)
    between = _round((value[1:] + sample[:-1]) / np.float32(2))
    biased = sample[:-1] - _round((between - middle) / np.float32(2))
    last = _round(_float32(function, np.asarray([high])) * unit)
    entries: Array = np.clip(np.concatenate([biased, last]), -32768, 32767)
    return entries.astype(np.int16)
