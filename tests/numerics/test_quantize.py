"""Affine quantization against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.numerics.quantize import activation_range, dequantize, quantize

SCALES = st.floats(2.0**-20, 2.0**10, width=32)


def nearest(value: Fraction) -> int:
    """Rounded to nearest, halves away from zero."""
    magnitude = (abs(value) * 2 + 1) // 2
    return int(-magnitude if value < 0 else magnitude)


@given(st.floats(-1e6, 1e6, width=32), SCALES, st.integers(-128, 127))
def test_quantize_divides_in_float32(real: float, scale: float, zero_point: int) -> None:
    quotient = Fraction(float(np.float32(real) / np.float32(scale)))
    expected = max(-128, min(127, nearest(quotient) + zero_point))
    assert int(quantize(real, scale, zero_point, np.int8)) == expected


def test_quantize_keeps_shape_and_saturates() -> None:
    found = quantize(np.array([[1e30, -1e30], [0.5, -0.5]]), 1.0, 3, np.int8)
    assert found.dtype == np.int8
    assert found.tolist() == [[127, -128], [4, 2]]
    assert quantize(np.float32(np.inf), 0.5, 0, np.int16) == 32767
    assert quantize(np.float32(3e38), 1e-30, 0, np.int8) == 127


def test_quantize_just_below_a_half() -> None:
    assert quantize(np.nextafter(np.float32(0.5), np.float32(0)), 1.0, 0, np.int8) == 0


def test_quantize_refuses_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        quantize([1.0, float("nan")], 1.0, 0, np.int8)


@given(st.integers(-32768, 32767), SCALES, st.integers(-128, 127))
def test_dequantize_rounds_once(value: int, scale: float, zero_point: int) -> None:
    exact = (value - zero_point) * Fraction(scale)
    found = dequantize(np.array(value, np.int32), scale, zero_point)
    assert found.dtype == np.float32
    assert found == np.float32(float(exact))


@given(st.integers(-128, 127), SCALES, st.integers(-128, 127))
def test_quantize_undoes_dequantize(value: int, scale: float, zero_point: int) -> None:
    assert int(quantize(dequantize(value, scale, zero_point), scale, zero_point, np.int8)) == value


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        ("NONE", 0.1, 5, (-128, 127)),
        ("RELU", 0.1, 5, (5, 127)),
        ("RELU", 0.1, -128, (-128, 127)),
        ("RELU6", 0.1, 5, (5, 65)),
        ("RELU6", 6 / 255, -128, (-128, 127)),
        ("RELU6", 0.01, 5, (5, 127)),
        ("RELU_N1_TO_1", 0.1, 5, (-5, 15)),
        ("RELU_N1_TO_1", 0.4, 0, (-3, 3)),
    ],
)
def test_activation_range(activation: str, scale: float, zero_point: int, expected: tuple[int, int]) -> None:
    assert activation_range(activation, float(np.float32(scale)), zero_point, np.int8) == expected


@pytest.mark.parametrize(("activation", "scale"), [("TANH", 0.1), ("RELU6", 1e-10), ("RELU_N1_TO_1", 1e-40)])
def test_activation_range_refuses(activation: str, scale: float) -> None:
    with pytest.raises(ValueError, match=r"no range|leaves int32"):
        activation_range(activation, scale, 0, np.int8)
