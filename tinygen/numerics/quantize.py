"""Affine quantization as TFLM computes it: real = scale * (q - zero_point)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tinygen.numerics.fixed_point import Array, round_half_away, saturate

IntegerType = np.dtype[Any] | type[np.integer[Any]]

_ACTIVATION_LIMITS: Mapping[str, tuple[float | None, float | None]] = MappingProxyType(
    {
        "NONE": (None, None),
        "RELU": (0.0, None),
        "RELU6": (0.0, 6.0),
        "RELU_N1_TO_1": (-1.0, 1.0),
    }
)


def quantize(real: ArrayLike, scale: float, zero_point: int, dtype: IntegerType) -> Array:
    """Quantize as TFLM's QUANTIZE: float32 division, halves away from zero, saturation.

    Source: tensorflow/lite/kernels/internal/reference/quantize.h (AffineQuantize). Values beyond
    int32, where that cast is undefined, saturate here.

    Args:
        real: values of any shape, taken as float32.
        scale: a float32 value above 0.
        zero_point: in the range of `dtype`.
        dtype: an integer type of up to 32 bits.

    Returns:
        An array of `dtype`, shaped as `real`.

    Raises:
        ValueError: where a value is NaN.
    """
    values = np.asarray(real, np.float32)
    if np.isnan(values).any():
        raise ValueError("NaN has no quantized value")
    with np.errstate(over="ignore"):
        quotient = (values / np.float32(scale)).astype(np.float64)
    rounded = np.trunc(quotient + np.copysign(0.5, quotient))
    bounded = np.clip(rounded, -(2.0**31), 2.0**31 - 1)
    return saturate(bounded.astype(np.int64) + zero_point, dtype)


def dequantize(quantized: ArrayLike, scale: float, zero_point: int) -> Array:
    """Real values as TFLM's DEQUANTIZE: a double product, then one rounding to float32.

    Source: tensorflow/lite/kernels/internal/reference/dequantize.h.

    Args:
        quantized: integers of any shape.
        scale: a float32 value.
        zero_point: subtracted first.

    Returns:
        A float32 array, shaped as `quantized`.
    """
    difference = np.asarray(quantized).astype(np.int64) - zero_point
    return (difference * float(scale)).astype(np.float32)


def _quantized_limit(real: float, scale: float, zero_point: int) -> int:
    with np.errstate(over="ignore"):
        quotient = float(np.float32(real) / np.float32(scale))
    if not -(2.0**31) <= quotient < 2.0**31:
        raise ValueError(f"the activation limit {real} leaves int32 at scale {scale}")
    return zero_point + round_half_away(quotient)


def activation_range(
    activation_name: str, scale: float, zero_point: int, dtype: IntegerType
) -> tuple[int, int]:
    """The quantized range that a fused activation leaves.

    Source: CalculateActivationRangeQuantized in tensorflow/lite/kernels/kernel_util.cc.

    Args:
        activation_name: "NONE", "RELU", "RELU6" or "RELU_N1_TO_1".
        scale: of the output.
        zero_point: of the output.
        dtype: of the output.

    Returns:
        Lowest and highest value, both included.

    Raises:
        ValueError: for another activation, or where TFLM finds a limit beyond int32.
    """
    if activation_name not in _ACTIVATION_LIMITS:
        raise ValueError(f"{activation_name} is no range of values")
    low, high = _ACTIVATION_LIMITS[activation_name]
    limits = np.iinfo(dtype)
    minimum, maximum = int(limits.min), int(limits.max)
    if low is not None:
        minimum = max(minimum, _quantized_limit(low, scale, zero_point))
    if high is not None:
        maximum = min(maximum, _quantized_limit(high, scale, zero_point))
    return minimum, maximum


def plain_activation_range(
    activation_name: str, dtype: np.dtype[Any] | type[np.generic]
) -> tuple[int, int] | tuple[float, float]:
    """The range that a fused activation leaves of plain numbers; without one that of all finite numbers.

    Source: CalculateActivationRange in tensorflow/lite/kernels/kernel_util.h.

    Args:
        activation_name: as for `activation_range`.
        dtype: int32, int64 or float32.

    Returns:
        Lowest and highest value, both included.

    Raises:
        ValueError: for another activation.
    """
    if activation_name not in _ACTIVATION_LIMITS:
        raise ValueError(f"{activation_name} is no range of values")
    low, high = _ACTIVATION_LIMITS[activation_name]
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return int(limits.min if low is None else low), int(limits.max if high is None else high)
    finite = np.finfo(dtype)
    return float(finite.min if low is None else low), float(finite.max if high is None else high)
