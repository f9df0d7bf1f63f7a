"""How TFLM turns accumulators of convolutions and fully connected layers into int8 or int16, per channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinygen.numerics.fixed_point import Array, quantize_multiplier

INT32_LIMIT = 1 << 31
"""Accumulators of 32 bits must stay below it in magnitude."""

INT64_LIMIT = 1 << 47
"""Accumulators of 64 bits must stay below it in magnitude: TFLM requantizes no larger ones."""

Limits = tuple[int, int]
"""Lowest and highest value of an input's dtype."""

INT8: Limits = (-128, 127)


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
    """Multiplier and shift of FULLY_CONNECTED with per-tensor weights: a product and a quotient of doubles.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc. Earlier versions of
    TFLM multiplied the input's and the weights' scale in float32.

    Args:
        input_scale: a float32 value.
        weight_scale: a float32 value.
        output_scale: a float32 value above 0.
    """
    return quantize_multiplier(input_scale * weight_scale / output_scale)


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


def accumulator_bounds(weights: Array, bias: Array, zero_point: int, limits: Limits = INT8) -> Array:
    """Largest magnitude of bias + sum(w * (x - zero_point)) in any order of summation, for all inputs.

    Args:
        weights: int8, shaped [channels, taps].
        bias: integers shaped [channels].
        zero_point: of the input; 0 bounds the sums of a kernel that folds it into the bias.
        limits: of the inputs.

    Returns:
        int64, shaped [channels].
    """
    reach = max(abs(limit - zero_point) for limit in limits)
    magnitudes = np.abs(weights.astype(np.int16)).sum(axis=1, dtype=np.int64)
    bounds: Array = np.abs(bias.astype(np.int64)) + magnitudes * reach
    return bounds


def accumulator_range(
    weights: Array, bias: Array, zero_point: int, limits: Limits = INT8
) -> tuple[Array, Array]:
    """Smallest and largest bias + sum(w * (x - zero_point)) over all inputs.

    Args:
        weights: int8, shaped [channels, taps].
        bias: integers shaped [channels].
        zero_point: of the input, within the limits; a tap in the padding is an input of that value.
        limits: of the inputs.

    Returns:
        Two arrays of int64, shaped [channels].
    """
    wide = weights.astype(np.int32)
    ends = [wide * (limit - zero_point) for limit in limits]
    start = bias.astype(np.int64)
    low: Array = start + np.minimum(*ends).sum(axis=1, dtype=np.int64)
    high: Array = start + np.maximum(*ends).sum(axis=1, dtype=np.int64)
    return low, high


def shrink_constant_channels(
    weights: Array,
    bias: Array,
    zero_point: int,
    output: Callable[[Array], Array],
    limit: int,
    limits: Limits = INT8,
) -> Array:
    """The bias, smaller where only that keeps a channel's accumulators from staying below `limit`.

    Converters give channels that a ReLU always closes or saturates biases of up to 2**30. Such a channel's
    output is one value over its whole range of accumulators; its bias moves towards zero as far as needed,
    provided that its output stays that value.

    Args:
        weights: integers shaped [channels, taps].
        bias: integers shaped [channels].
        zero_point: of the input.
        output: the outputs of one accumulator per channel; must not fall where an accumulator rises.
        limit: accumulators are to stay below it in magnitude.
        limits: of the inputs.

    Returns:
        int64, shaped [channels].
    """
    low, high = accumulator_range(weights, bias, zero_point, limits)
    excess = np.maximum(high - limit + 1, 0) + np.minimum(low + limit - 1, 0)
    value = output(low)
    same = (output(high) == value) & (output(low - excess) == value) & (output(high - excess) == value)
    moved: Array = bias.astype(np.int64) - np.where(same, excess, 0)
    return moved
