"""How TFLM turns the accumulators of convolutions and fully connected layers into int8, per channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygen.numerics.fixed_point import Array, quantize_multiplier

INT32_LIMIT = 1 << 31
"""Accumulators must stay below it in magnitude."""


def channel_multipliers(
    input_scale: float, weight_scales: Sequence[float], output_scale: float
) -> tuple[tuple[int, int], ...]:
    """Multiplier and shift of each channel: a product and a quotient of doubles.

    Source: PopulateConvolutionQuantizationParams in tensorflow/lite/kernels/kernel_util.cc, and
    tensorflow/lite/micro/kernels/fully_connected_common.cc for per-channel weights.

    Args:
        input_scale: a float32 value.
        weight_scales: float32 values, one per channel.
        output_scale: a float32 value above 0.
    """
    return tuple(quantize_multiplier(input_scale * scale / output_scale) for scale in weight_scales)


def tensor_multiplier(input_scale: float, weight_scale: float, output_scale: float) -> tuple[int, int]:
    """Multiplier and shift of FULLY_CONNECTED with per-tensor weights: the product is one of float32.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc, which widens
    input scale * weight scale to double only after multiplying.

    Args:
        input_scale: a float32 value.
        weight_scale: a float32 value.
        output_scale: a float32 value above 0.
    """
    return quantize_multiplier(float(np.float32(input_scale) * np.float32(weight_scale)) / output_scale)


def fold_zero_point(weights: Array, bias: Array, zero_point: int) -> Array:
    """Compute bias - zero_point * sum(weights), so that kernels multiply inputs as they are.

    Args:
        weights: integers shaped [channels, taps].
        bias: integers shaped [channels].
        zero_point: of the input.

    Returns:
        int64, shaped [channels].
    """
    folded: Array = bias.astype(np.int64) - zero_point * weights.sum(axis=1, dtype=np.int64)
    return folded


def accumulator_bounds(weights: Array, bias: Array, zero_point: int) -> Array:
    """Largest magnitude of bias + sum(w * (x - zero_point)) in any order of summation, for int8 inputs.

    Args:
        weights: integers shaped [channels, taps].
        bias: integers shaped [channels].
        zero_point: of the input; 0 bounds the sums of a kernel that folds it into the bias.

    Returns:
        int64, shaped [channels].
    """
    reach = max(abs(-128 - zero_point), abs(127 - zero_point))
    magnitudes = np.abs(weights.astype(np.int16)).sum(axis=1, dtype=np.int64)
    bounds: Array = np.abs(bias.astype(np.int64)) + magnitudes * reach
    return bounds
