"""Exponential, logistic, tanh and inverse square root in TFLM's fixed-point arithmetic, on numpy arrays.

Numbers are int32 values in int64 arrays; "in Qm" has m integer bits, a sign and 31 - m fraction bits.
Source: fixedpoint/fixedpoint.h of gemmlowp, which TFLM's int8 kernels compute with.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from tinygen.numerics.fixed_point import (
    Array,
    quantize_multiplier,
    rounding_divide_by_pot,
    saturating_rounding_doubling_high_mul,
)

_INT32_MAX = (1 << 31) - 1
_EXP_OF_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
_EXP_OF_NEGATIVE_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""e**-(2**i) in Q0 for i = -2..4."""

_product = saturating_rounding_doubling_high_mul


def _shift_left(x: Array, amount: int) -> Array:
    """Multiply by 2**amount, saturated to int32."""
    shifted: Array = np.clip(x << amount, -_INT32_MAX - 1, _INT32_MAX)
    return shifted


def _exp_of_fraction(x: Array) -> Array:
    """e**x in Q0 for x in [-1/4, 0) in Q0: a Taylor polynomial of degree 4 about -1/8."""
    x = x + (1 << 28)
    x2 = _product(x, x)
    x3, x4 = _product(x2, x), _product(x2, x2)
    rest = rounding_divide_by_pot(_product(rounding_divide_by_pot(x4, 2) + x3, _THIRD) + x2, 1)
    return _EXP_OF_MINUS_EIGHTH + _product(_EXP_OF_MINUS_EIGHTH, x + rest)


def exp_on_negative_values(x: ArrayLike, integer_bits: int) -> Array:
    """e**x in Q0.

    Args:
        x: at most 0, in Q<integer_bits>.
        integer_bits: 0 to 5.
    """
    value = np.asarray(x, np.int64)
    quarter = 1 << (29 - integer_bits)
    fraction = (value & (quarter - 1)) - quarter
    result = _exp_of_fraction(fraction << integer_bits)
    quarters = (fraction - value) >> (29 - integer_bits)
    for bit, factor in enumerate(_EXP_OF_NEGATIVE_POWERS[: integer_bits + 2]):
        result = np.where(quarters >> bit & 1, _product(result, factor), result)
    return np.where(value == 0, _INT32_MAX, result)


def _twice_inverse(x: Array) -> Array:
    """2 / (1 + x) in Q2 for x in [0, 1) in Q0: three rounds of Newton and Raphson."""
    half_denominator = (x + _INT32_MAX + 1) // 2
    inverse = 1515870810 + _product(half_denominator, -1010580540)
    for _ in range(3):
        error = (1 << 29) - _product(half_denominator, inverse)
        inverse = inverse + _shift_left(_product(inverse, error), 2)
    return inverse


def one_over_one_plus_x(x: ArrayLike) -> Array:
    """1 / (1 + x) in Q0 for x in [0, 1) in Q0."""
    return _shift_left(_twice_inverse(np.asarray(x, np.int64)), 1)


def one_minus_x_over_one_plus_x(x: ArrayLike) -> Array:
    """(1 - x) / (1 + x) in Q0 for x in [0, 1) in Q0."""
    return _shift_left(_twice_inverse(np.asarray(x, np.int64)) - (1 << 29), 2)


def logistic(x: ArrayLike, integer_bits: int) -> Array:
    """1 / (1 + e**-x) in Q0 for x in Q<integer_bits>."""
    value = np.asarray(x, np.int64)
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(value), integer_bits))
    return np.where(value == 0, 1 << 30, np.where(value > 0, positive, _INT32_MAX - positive))


def tanh(x: ArrayLike, integer_bits: int) -> Array:
    """The hyperbolic tangent in Q0 of x in Q<integer_bits>, of at most 4 bits."""
    value = np.asarray(x, np.int64)
    # The number of twice the value is the same with one integer bit more.
    positive = one_minus_x_over_one_plus_x(exp_on_negative_values(-np.abs(value), integer_bits + 1))
    return np.sign(value) * np.where(value == 0, 0, positive)


def inverse_sqrt(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as multiplier and shift, positive to the left; 0 counts as 1.

    Source: GetInvSqrtQuantizedMultiplierExp in tensorflow/lite/kernels/internal/common.h.

    Args:
        value: 0 to 2**31 - 1.
    """
    if value <= 1:
        return _INT32_MAX, 0
    right = 11
    while value >= 1 << 29:
        value //= 4
        right += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    right -= pairs
    half = rounding_divide_by_pot((value << (2 * pairs)) >> 1, 1)
    x = np.asarray(1 << 28, np.int64)
    for _ in range(5):
        cube = _shift_left(_product(_product(x, x), x), 6)
        x = _shift_left(_product((1 << 28) + (1 << 27), x) - _product(half, cube), 3)
    multiplier = int(_product(x, 1518500250))
    return (multiplier << -right, 0) if right < 0 else (multiplier, -right)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """Largest magnitude of an input whose product by 2**left_shift stays in Q<integer_bits>.

    Source: CalculateInputRadius in tensorflow/lite/kernels/internal/quantization_util.cc.
    """
    return math.floor(1.0 * ((1 << integer_bits) - 1) * (1 << (31 - integer_bits)) / (1 << left_shift))


def exponential_scaling(beta: float, scale: float) -> tuple[int, int, int]:
    """Factor of a difference of quantized values to beta times its real value in Q5.26.

    Source: PreprocessSoftmaxScaling in tensorflow/lite/kernels/internal/quantization_util.cc.

    Args:
        beta: factor on the logits, a float32 value.
        scale: of the logits, a float32 value.

    Returns:
        Multiplier, left shift and the least difference that Q5.26 holds.

    Raises:
        ValueError: where the factor is not above 1, for which TFLM aborts.
    """
    factor = min(beta * scale * (1 << 26), (1 << 31) - 1.0)
    if not factor > 1:
        raise ValueError(f"beta times the input's scale is {beta * scale}")
    multiplier, shift = quantize_multiplier(factor)
    return multiplier, shift, -input_radius(5, shift)
