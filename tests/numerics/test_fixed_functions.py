"""Fixed-point functions against the functions they approximate, and the C of those that C has too."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tinygen.numerics import fixed_functions
from tinygen.resources import firmware

ONE = 2.0**31


def test_exponentials_and_sigmoids_are_close_to_the_real_ones() -> None:
    x = np.unique(np.linspace(-(2**31) + 1, 0, 20_001).astype(np.int64))
    for bits in (4, 5):
        real = x / 2.0 ** (31 - bits)
        assert np.abs(fixed_functions.exp_on_negative_values(x, bits) / ONE - np.exp(real)).max() < 2**-22
    both = np.concatenate([x, -x])
    real = both / 2.0**27
    assert np.abs(fixed_functions.logistic(both, 4) / ONE - 1 / (1 + np.exp(-real))).max() < 2**-23
    assert np.abs(fixed_functions.tanh(both, 4) / ONE - np.tanh(real)).max() < 2**-22


def test_quotients_are_close_to_the_real_ones() -> None:
    x = np.linspace(0, 2**31 - 1, 10_001).astype(np.int64)
    real = x / ONE
    assert np.abs(fixed_functions.one_over_one_plus_x(x) / ONE - 1 / (1 + real)).max() < 2**-27
    quotient = fixed_functions.one_minus_x_over_one_plus_x(x) / ONE
    assert np.abs(quotient - (1 - real) / (1 + real)).max() < 2**-26


@pytest.mark.parametrize("value", [0, 1, 2, 3, 255, 65_025, 2**29 - 1, 2**29, 2**31 - 1])
def test_inverse_square_roots(value: int) -> None:
    multiplier, shift = fixed_functions.inverse_sqrt(value)
    wanted = 1 / np.sqrt(max(value, 1))
    assert multiplier * 2.0 ** (shift - 31) == pytest.approx(wanted, rel=2e-6)


def test_scaling_of_exponents() -> None:
    # 0.1 * 2^26 = 6710886.4 = 0.8 * 2^23; the radius is 31 * 2^26 / 2^23.
    assert fixed_functions.exponential_scaling(1.0, 0.1) == (round(0.8 * 2**31), 23, -248)
    with pytest.raises(ValueError, match="beta times"):
        fixed_functions.exponential_scaling(1.0, 2.0**-26)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The functions of firmware/kernels/fixed_point.h."""
    folder: Path = tmp_path_factory.mktemp("fixed_point")
    source, target = folder / "fixed.c", folder / "fixed.so"
    source.write_text(
        '#include "fixed_point.h"\n'
        "int32_t exponential(int32_t x);\n"
        "int32_t exponential(int32_t x) { return tg_exp_of_negative(x); }\n"
        "int32_t inverse(int32_t x);\n"
        "int32_t inverse(int32_t x) { return tg_one_over_one_plus(x); }\n"
        "int32_t power(int32_t x, int32_t exponent);\n"
        "int32_t power(int32_t x, int32_t exponent) { return tg_multiply_by_power_of_two(x, exponent); }\n"
        "void root(int32_t x, int32_t *found);\n"
        "void root(int32_t x, int32_t *found)\n"
        "{\n"
        "    const struct tg_factor factor = tg_inverse_sqrt(x);\n"
        "    found[0] = factor.multiplier;\n"
        "    found[1] = factor.shift;\n"
        "}\n",
        encoding="ascii",
    )
    flags = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O1", "-fPIC", "-shared")
    sanitize = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")
    include = f"-I{firmware() / 'kernels'}"
    subprocess.run(["gcc", *flags, *sanitize, include, str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def test_the_c_computes_the_same(compiled: ctypes.CDLL) -> None:
    values = np.concatenate(
        [[0, -1, -(2**24), -(2**24) - 1, -(2**31)], -np.random.default_rng(1).integers(0, 2**31, 3000)]
    )
    found = [compiled.exponential(ctypes.c_int32(int(value))) for value in values]
    assert found == fixed_functions.exp_on_negative_values(values, 5).tolist()
    fractions = -values[values > -(2**31)]
    assert [compiled.inverse(int(value)) for value in fractions] == (
        fixed_functions.one_over_one_plus_x(fractions).tolist()
    )


def test_the_inverse_square_root_in_c_is_the_same(compiled: ctypes.CDLL) -> None:
    pair = (ctypes.c_int32 * 2)()
    small, large = range(3000), np.random.default_rng(2).integers(0, 2**31, 2000).tolist()
    for value in [*small, *large, 2**29 - 1, 2**29, 2**31 - 1]:
        compiled.root(ctypes.c_int32(value), pair)
        assert tuple(pair) == fixed_functions.inverse_sqrt(value), value


@pytest.mark.parametrize(
    ("value", "exponent", "wanted"),
    [(3, 4, 48), (-3, 4, -48), (2**27, 4, 2**31 - 1), (-(2**27), 4, -(2**31)), (-(2**27) - 1, 4, -(2**31))],
)
def test_shifts_saturate_in_c(compiled: ctypes.CDLL, value: int, exponent: int, wanted: int) -> None:
    assert compiled.power(ctypes.c_int32(value), exponent) == wanted
