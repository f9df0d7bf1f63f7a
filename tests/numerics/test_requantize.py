"""Per-channel factors and accumulator bounds of convolutions and fully connected layers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.requantize import (
    accumulator_bounds,
    accumulator_range,
    channel_multipliers,
    fold_zero_point,
    shrink_constant_channels,
    tensor_multiplier,
)


def test_channel_multipliers_multiply_in_double() -> None:
    scales = [float(np.float32(value)) for value in (0.013, 0.02, 0.5)]
    source, result = float(np.float32(0.037)), float(np.float32(0.041))
    expected = tuple(quantize_multiplier(source * scale / result) for scale in scales)
    assert channel_multipliers(source, scales, result) == expected


def test_tensor_multiplier_multiplies_in_double() -> None:
    source, weights, result = (float(np.float32(value)) for value in (0.037, 0.0131, 0.041))
    assert float(np.float32(source * weights)) != source * weights
    assert tensor_multiplier(source, weights, result) == channel_multipliers(source, [weights], result)[0]


WEIGHTS = st.lists(st.integers(-128, 127), min_size=1, max_size=3)


@given(WEIGHTS, st.integers(-1000, 1000), st.integers(-128, 127))
def test_bounds_are_reached(weights: list[int], bias: int, zero_point: int) -> None:
    """The extreme inputs of a few taps reach the bound where the bias and one side agree."""
    row, biases = np.array([weights], np.int8), np.array([bias], np.int32)
    (bound,) = accumulator_bounds(row, biases, zero_point)
    sums = [
        bias + sum(w * (x - zero_point) for w, x in zip(weights, inputs, strict=True))
        for inputs in product((-128, 127), repeat=len(weights))
    ]
    assert max(map(abs, sums)) <= bound
    reach = max(abs(-128 - zero_point), abs(127 - zero_point))
    assert bound == abs(bias) + sum(map(abs, weights)) * reach


@given(WEIGHTS, st.integers(-1000, 1000), st.integers(-128, 127), st.integers(-128, 127))
def test_folding_keeps_the_sum(weights: list[int], bias: int, zero_point: int, x: int) -> None:
    (folded,) = fold_zero_point(np.array([weights], np.int8), np.array([bias], np.int32), zero_point)
    assert folded + sum(w * x for w in weights) == bias + sum(w * (x - zero_point) for w in weights)


@pytest.mark.parametrize("channels", [0, 3])
def test_shapes(channels: int) -> None:
    weights, bias = np.ones((channels, 5), np.int8), np.zeros(channels, np.int32)
    assert fold_zero_point(weights, bias, 3).tolist() == [-15] * channels
    assert accumulator_bounds(weights, bias, 0).tolist() == [640] * channels


@given(WEIGHTS, st.integers(-1000, 1000), st.integers(-128, 127))
def test_range_is_exact(weights: list[int], bias: int, zero_point: int) -> None:
    low, high = accumulator_range(np.array([weights], np.int8), np.array([bias], np.int32), zero_point)
    sums = [
        bias + sum(w * (x - zero_point) for w, x in zip(weights, inputs, strict=True))
        for inputs in product((-128, 127), repeat=len(weights))
    ]
    assert (int(low[0]), int(high[0])) == (min(sums), max(sums))


def clamped(accumulators: np.ndarray) -> np.ndarray:
    return np.clip(accumulators // 64, -128, 127)


@pytest.mark.parametrize(
    ("bias", "expected"),
    [
        (1 << 20, (1 << 18) - 256),
        (-(1 << 20), 256 - (1 << 18)),
        ((1 << 18) - 255, (1 << 18) - 256),
        (100, 100),
        (-7000, -7000),
    ],
)
def test_constant_channels_shrink_to_the_limit_and_no_further(bias: int, expected: int) -> None:
    weights = np.array([[1, -1]], np.int8)
    found = shrink_constant_channels(weights, np.array([bias]), 0, clamped, 1 << 18)
    assert found.tolist() == [expected]
    low, high = accumulator_range(weights, found, 0)
    assert -(1 << 18) < low[0] <= high[0] < 1 << 18
    assert clamped(low) == clamped(accumulator_range(weights, np.array([bias]), 0)[0])


def test_channels_that_vary_keep_their_bias() -> None:
    """Here the output still depends on the input above the limit, or would within it."""
    weights = np.array([[100], [1]], np.int8)
    bias = np.array([100, 5000])
    assert shrink_constant_channels(weights, bias, 0, clamped, 1000).tolist() == [100, 5000]
