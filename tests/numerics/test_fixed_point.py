"""Fixed-point arithmetic against integers of any size, and the C header against both."""

from __future__ import annotations

import ctypes
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygen.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_divide_by_pot,
    saturate,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from tinygen.resources import firmware

INT32 = st.integers(-(2**31), 2**31 - 1)
MULTIPLIERS = st.one_of(st.integers(2**30, 2**31 - 1), st.just(0))
EDGES = [-(2**31), -(2**31) + 1, -(2**30), -3, -2, -1, 0, 1, 2, 3, 2**30 - 1, 2**30, 2**31 - 2, 2**31 - 1]


def truncated(numerator: int, denominator: int) -> int:
    """C's integer division."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def high_mul(a: int, b: int) -> int:
    """gemmlowp's SaturatingRoundingDoublingHighMul, step by step."""
    if a == b == -(2**31):
        return 2**31 - 1
    product = a * b
    return truncated(product + (2**30 if product >= 0 else 1 - 2**30), 2**31)


def divide(x: int, exponent: int) -> int:
    """gemmlowp's RoundingDivideByPOT by its meaning: to nearest, halves away from zero."""
    magnitude = (abs(x) + (2**exponent // 2)) // 2**exponent
    return -magnitude if x < 0 else magnitude


def requantized(x: int, multiplier: int, shift: int) -> int:
    """TFLM's MultiplyByQuantizedMultiplier on integers of any size."""
    shifted = (x * 2 ** max(shift, 0) + 2**31) % 2**32 - 2**31
    return divide(high_mul(shifted, multiplier), max(-shift, 0))


@given(INT32, INT32)
@example(-(2**31), -(2**31))
@example(-(2**30), 1)
@example(2**30, 1)
@example(2**30, -1)
def test_high_mul(a: int, b: int) -> None:
    assert int(saturating_rounding_doubling_high_mul(a, b)) == high_mul(a, b)


@given(INT32, st.integers(0, 31))
@example(-(2**31), 31)
@example(2**31 - 1, 31)
@example(-3, 1)
@example(3, 1)
def test_divide(x: int, exponent: int) -> None:
    assert int(rounding_divide_by_pot(x, exponent)) == divide(x, exponent)


@given(INT32, MULTIPLIERS, st.integers(-31, 30))
def test_requantize(x: int, multiplier: int, shift: int) -> None:
    assert int(multiply_by_quantized_multiplier(x, multiplier, shift)) == requantized(x, multiplier, shift)


def test_requantize_broadcasts_channels() -> None:
    sums = np.arange(-6000, 6000, 8).reshape(-1, 3)
    multipliers, shifts = [2**30, 2**31 - 1, 1234567890], [-3, 0, 2]
    found = multiply_by_quantized_multiplier(sums, multipliers, shifts)
    assert found.dtype == np.int64
    for row, channel in ((0, 0), (17, 1), (100, 2)):
        x = int(sums[row, channel])
        assert found[row, channel] == requantized(x, multipliers[channel], shifts[channel])


@given(st.floats(2**-31, 2.0**30))
def test_quantized_multiplier_is_the_nearest(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    assert 2**30 <= multiplier < 2**31
    step = Fraction(2) ** (shift - 31)
    assert abs(multiplier * step - Fraction(real)) <= step / 2


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (1 - 2**-40, (2**30, 1)),
        (2.0**-32, (2**30, -31)),
        (2.0**-33, (0, 0)),
        (5e-324, (0, 0)),
    ],
)
def test_quantized_multiplier_at_the_edges(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


@pytest.mark.parametrize("real", [-1e-9, float("inf"), float("nan")])
def test_quantized_multiplier_refuses(real: float) -> None:
    with pytest.raises(ValueError, match="no factor"):
        quantize_multiplier(real)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, 1),
        (-0.5, -1),
        (2.5, 3),
        (-2.5, -3),
        (0.49999999999999994, 0),
        (4503599627370497.0, 4503599627370497),
    ],
)
def test_round_half_away(value: float, expected: int) -> None:
    assert round_half_away(value) == expected


@given(st.integers(-(2**40), 2**40))
def test_wrap(value: int) -> None:
    assert int(wrap_int32(value)) == (value + 2**31) % 2**32 - 2**31


def test_saturate() -> None:
    found = saturate(np.array([-1000, -128, 5, 127, 128]), np.int8)
    assert found.dtype == np.int8
    assert found.tolist() == [-128, -128, 5, 127, 127]


SOURCE = """
#include "requantize.h"
typedef const int32_t *table;
void run(table acc, table multiplier, table shift, int32_t *out, int32_t n, int32_t down);
void run(table acc, table multiplier, table shift, int32_t *out, int32_t n, int32_t down)
{
    for (int32_t i = 0; i < n; ++i) {
        out[i] = down ? tg_requantize_down(acc[i], multiplier[i], shift[i])
                      : tg_requantize(acc[i], multiplier[i], shift[i]);
    }
}
int32_t output(int32_t acc, int32_t multiplier, int32_t shift, int32_t any_scale, int32_t zero_point);
int32_t output(int32_t acc, int32_t multiplier, int32_t shift, int32_t any_scale, int32_t zero_point)
{
    return tg_output_s8(acc, multiplier, shift, any_scale, zero_point, -20, 100);
}
"""


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("requantize")
    source, target = folder / "requantize.c", folder / "requantize.so"
    source.write_text(SOURCE, encoding="utf-8")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O1", "-shared", "-fPIC"]
    sanitizers = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]
    include = f"-I{firmware() / 'kernels'}"
    subprocess.run(["gcc", *flags, *sanitizers, include, str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def run_header(
    header: ctypes.CDLL, acc: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, down: bool
) -> np.ndarray:
    arrays = [np.ascontiguousarray(array, np.int32) for array in (acc, multiplier, shift)]
    out = np.zeros(len(acc), np.int32)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*arrays, out)]
    header.run(*pointers, ctypes.c_int32(len(acc)), ctypes.c_int32(down))
    return out.astype(np.int64)


def inputs(limit: int, shifts: range) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges and random accumulators below `limit`, each with every shift."""
    random = np.random.default_rng(5)
    edges = [value for value in EDGES if abs(value) < limit]
    acc = np.concatenate([edges, random.integers(-limit + 1, limit, 300), random.integers(-5000, 5000, 300)])
    acc, shift = (grid.ravel() for grid in np.meshgrid(acc, np.array(shifts)))
    multiplier = random.integers(2**30, 2**31, len(acc))
    multiplier[::17] = 2**30
    multiplier[::19] = 2**31 - 1
    multiplier[::97] = 0
    return acc, multiplier, shift


def test_header_requantizes_every_accumulator(header: ctypes.CDLL) -> None:
    arguments = inputs(2**31 - 1, range(-31, 31))
    expected = multiply_by_quantized_multiplier(*arguments)
    np.testing.assert_array_equal(run_header(header, *arguments, down=False), expected)


def test_header_requantizes_down_below_its_limit(header: ctypes.CDLL) -> None:
    arguments = inputs(2**30, range(-31, 0))
    expected = multiply_by_quantized_multiplier(*arguments)
    np.testing.assert_array_equal(run_header(header, *arguments, down=True), expected)


def test_header_rounds_every_half(header: ctypes.CDLL) -> None:
    """Around each multiple of one half, where the two roundings decide."""
    acc = np.arange(-4096, 4096)
    for shift in (-1, -2, -3, -7):
        arguments = acc, np.full(acc.shape, 2**30), np.full(acc.shape, shift)
        expected = [requantized(int(x), 2**30, shift) for x in acc]
        assert run_header(header, *arguments, down=True).tolist() == expected
        assert run_header(header, *arguments, down=False).tolist() == expected


@pytest.mark.parametrize(
    ("acc", "shift", "any_scale", "zero_point", "expected"),
    [(100, 0, 1, 7, 57), (100, -1, 0, 7, 32), (10_000, -1, 0, 0, 100), (-10_000, -1, 0, 0, -20)],
)
def test_header_output(
    header: ctypes.CDLL, acc: int, shift: int, any_scale: int, zero_point: int, expected: int
) -> None:
    assert header.output(acc, 2**30, shift, any_scale, zero_point) == expected
