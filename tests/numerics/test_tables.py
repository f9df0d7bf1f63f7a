"""Tables of unary functions against the functions; that they are TFLM's is tested with the kernels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygen.ir import Array
from tinygen.numerics import tables
from tinygen.numerics.tables import Affine

SOURCE = Affine(0.05, -7)
RESULT = Affine(0.04, 12)
VALUES = np.arange(256, dtype=np.uint8).view(np.int8)
REAL = (VALUES.astype(np.float64) - SOURCE.zero_point) * SOURCE.scale


def quantized(real: Array, result: Affine) -> Array:
    return np.clip(np.round(real / result.scale) + result.zero_point, -128, 127)


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (tables.logistic_s8(SOURCE), quantized(1 / (1 + np.exp(-REAL)), Affine(1 / 256, -128))),
        (tables.tanh_s8(SOURCE), quantized(np.tanh(REAL), Affine(1 / 128, 0))),
        (tables.elu_s8(SOURCE, RESULT), quantized(np.where(REAL < 0, np.expm1(REAL), REAL), RESULT)),
        (tables.leaky_relu_s8(0.3, SOURCE, RESULT), quantized(np.where(REAL < 0, 0.3 * REAL, REAL), RESULT)),
        (tables.leaky_relu_s8(-2, SOURCE, RESULT), quantized(np.where(REAL < 0, -2 * REAL, REAL), RESULT)),
        (tables.abs_s8(SOURCE, RESULT), quantized(np.abs(REAL), RESULT)),
        (
            tables.hard_swish_s8(SOURCE, RESULT),
            quantized(REAL * np.clip(REAL + 3, 0, 6) / 6, RESULT),
        ),
    ],
)
def test_a_table_is_its_function_to_a_step(table: Array, wanted: Array) -> None:
    assert table.dtype == np.int8
    assert np.abs(table - wanted).max() <= 1


def test_inverse_square_roots_at_and_below_zero_are_the_highest() -> None:
    source = Affine(0.05, -100)
    table = tables.rsqrt_s8(source, RESULT)
    positive = VALUES > -100
    assert (table[~positive] == 127).all()
    real = 1 / np.sqrt((VALUES[positive].astype(np.float64) + 100) * 0.05)
    assert np.abs(table[positive] - quantized(real, RESULT)).max() <= 1


def test_the_table_of_sigmoids() -> None:
    table = tables.sigmoid_table()
    assert table[[0, 1, 24, 255]].tolist() == [32768, 33451, 47911, 65535]
    assert np.abs(table - 65536 / (1 + np.exp(-np.arange(256) / 24))).max() < 1.5


@pytest.mark.parametrize(
    ("scale", "shifts", "wanted"),
    [
        (2.0**-12, (0,), (3, 0)),
        (2.0**-11, (0, 1), (6, 0)),
        (2.0**-11, (0,), (24576, 12)),
        (1.0, (0,), (24576, 1)),
        (2.0**-31, (0,), (12288, 31)),
    ],
)
def test_scaling_of_sigmoids(scale: float, shifts: tuple[int, ...], wanted: tuple[int, int]) -> None:
    assert tables.sigmoid_scaling(scale, shifts) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"), [(0.25, (-2, True)), (0.2501, (-2, True)), (0.26, (-2, False)), (3.0, (2, False))]
)
def test_logarithms(value: float, wanted: tuple[int, bool]) -> None:
    assert tables.checked_log2(value) == wanted


def test_the_table_of_an_exponential() -> None:
    unit = 1 / 32767.5
    table = tables.interpolation_table(math.exp, (5 / 32767.5, 32767), (unit, 0))
    at = 5 / 32767.5 * (np.arange(-32768, 32769, 128) - 32767)
    assert table.shape == (513,)
    # TFLM takes 65535 steps for 65536.
    assert np.abs(table[:-1] * unit - np.exp(at[:-1])).max() < 2e-4
    assert table[-1] == 32767
