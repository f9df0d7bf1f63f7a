"""TFLM's fixed-point arithmetic on numpy arrays: requantization with its two roundings, or one.

Sources: tensorflow/lite/kernels/internal/quantization_util.cc (QuantizeMultiplier),
tensorflow/lite/kernels/internal/common.cc (MultiplyByQuantizedMultiplier without
TFLITE_SINGLE_ROUNDING) and gemmlowp's fixedpoint.h (SaturatingRoundingDoublingHighMul,
RoundingDivideByPOT). firmware/kernels/requantize.h is the same arithmetic in C.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray[Any, np.dtype[Any]]

_INT32_MIN = -(1 << 31)
_INT32_MAX = (1 << 31) - 1


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero, as C's round()."""
    whole = math.floor(abs(value))
    magnitude = whole + (1 if abs(value) - whole >= 0.5 else 0)
    return -magnitude if value < 0 else magnitude


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A real factor as int32 mantissa and shift: real ~ multiplier * 2**(shift - 31).

    Args:
        real: finite and not negative.

    Returns:
        The mantissa, 0 or in [2**30, 2**31), and the shift, positive to the left. Factors
        below about 2**-32 become (0, 0).

    Raises:
        ValueError: for a negative, infinite or NaN factor.
    """
    if not (math.isfinite(real) and real >= 0):
        raise ValueError(f"{real} is no factor to quantize: it must be finite and not negative")
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    return (0, 0) if shift < -31 or multiplier == 0 else (multiplier, shift)


def wrap_int32(value: ArrayLike) -> Array:
    """Two's complement wrap-around to the range of int32; int64 in and out."""
    return np.asarray(value, np.int64).astype(np.int32).astype(np.int64)


def saturating_rounding_doubling_high_mul(a: ArrayLike, b: ArrayLike) -> Array:
    """The high half of 2*a*b, rounded to nearest (halves up); int32 values in int64 arrays.

    The one product that does not fit, (-2**31)**2, saturates.
    """
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    rounded: Array = np.minimum((product + (1 << 30)) >> 31, _INT32_MAX)
    return rounded


def rounding_divide_by_pot(x: ArrayLike, exponent: ArrayLike) -> Array:
    """Divide by 2**exponent, rounded to nearest, halves away from zero.

    Args:
        x: int32 values in an int64 array.
        exponent: 0 to 31, broadcast against x.
    """
    value, power = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << power) - 1
    threshold = (mask >> 1) + (value < 0)
    return (value >> power) + ((value & mask) > threshold)


def multiply_by_quantized_multiplier(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Array:
    """Scale by multiplier * 2**(shift - 31) as TFLM's default build does: two roundings.

    A left shift that leaves int32 wraps around, as it does in TFLM.

    Args:
        x: int32 values (accumulators) in an int64 array of any shape.
        multiplier: mantissa from `quantize_multiplier`; broadcast against x.
        shift: its shift, positive to the left; broadcast against x.

    Returns:
        int32 values in an int64 array.
    """
    shifts = np.asarray(shift, np.int64)
    shifted = wrap_int32(np.asarray(x, np.int64) << np.maximum(shifts, 0))
    return rounding_divide_by_pot(
        saturating_rounding_doubling_high_mul(shifted, multiplier), np.maximum(-shifts, 0)
    )


def reduce_multiplier(multiplier: int) -> int:
    """The multiplier as TFLM takes it for accumulators of 64 bits: rounded to its upper 16 bits.

    Args:
        multiplier: mantissa from `quantize_multiplier`.

    Returns:
        A multiple of 2**16, 0 or in [2**30, 2**31).
    """
    return min((multiplier + (1 << 15)) >> 16, 0x7FFF) << 16


def multiply_int64_by_quantized_multiplier(x: ArrayLike, multiplier: ArrayLike, shift: ArrayLike) -> Array:
    """Scale accumulators of 64 bits by multiplier * 2**(shift - 31) as TFLM does: one rounding, halves up.

    A result that leaves int32 wraps around, as it does in TFLM.

    Args:
        x: -2**47 to 2**47 - 1, in an int64 array of any shape.
        multiplier: from `reduce_multiplier`; broadcast against x.
        shift: -31 to 7, positive to the left; broadcast against x.

    Returns:
        int32 values in an int64 array.
    """
    right = 15 - np.asarray(shift, np.int64)
    product = np.asarray(x, np.int64) * (np.asarray(multiplier, np.int64) >> 16)
    return wrap_int32((product + (np.int64(1) << (right - 1))) >> right)


def saturate(x: ArrayLike, dtype: np.dtype[Any] | type[np.integer[Any]]) -> Array:
    """Integers clamped to the range of `dtype`, in that dtype."""
    limits = np.iinfo(dtype)
    return np.clip(np.asarray(x, np.int64), limits.min, limits.max).astype(dtype)
