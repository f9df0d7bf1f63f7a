"""Literals read back as exactly the value they were written for."""

from __future__ import annotations

import math
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.codegen import literals


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-5, "-5"), (-(2**31), "INT32_MIN"), (-(2**63), "INT64_MIN"), (2**31 - 1, "2147483647")],
)
def test_integers(value: int, text: str) -> None:
    assert literals.integer(value) == text


def test_negative_macros_are_bracketed() -> None:
    assert literals.bracketed(-3) == "(-3)"
    assert literals.bracketed(3) == "3"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_read_back_exactly(value: float) -> None:
    text = literals.float32(value)
    assert text.endswith("f")
    read = struct.unpack("f", struct.pack("f", float(text[:-1])))[0]
    assert read == value
    assert math.copysign(1, read) == math.copysign(1, value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_floats_without_literal_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no C literal"):
        literals.float32(value)


def test_scalars_of_numpy_keep_their_kind() -> None:
    assert literals.scalar(np.int32(7)) == "7"
    assert literals.scalar(np.float32(0.5)) == "0.5f"
    assert literals.scalar(2.0) == "2.0f"


def test_rows_are_aligned_and_a_power_of_two_long() -> None:
    rows = literals.rows(np.arange(-20, 20, dtype=np.int8))
    assert len(rows) == 3
    assert rows[0].count(",") == 16
    assert rows[0].startswith(" -20,  -19,")
    assert rows[2] == "  12,   13,   14,   15,   16,   17,   18,   19,"


def test_rows_refuse_what_has_no_literals() -> None:
    with pytest.raises(TypeError, match="complex64"):
        literals.rows(np.zeros(1, np.complex64))


def _extremes(dtype: str) -> np.ndarray:
    if dtype == "bool":
        return np.array([True, False])
    if dtype == "float32":
        info = np.finfo(np.float32)
        return np.array([info.min, info.max, info.tiny, info.smallest_subnormal, -0.0, 0.1, 1.0], np.float32)
    limits = np.iinfo(dtype)
    return np.array([limits.min, limits.min + 1, 0, 1, limits.max - 1, limits.max], dtype)


DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32")


def test_arrays_of_every_type_read_back_in_c(tmp_path: Path) -> None:
    arrays = {dtype: _extremes(dtype) for dtype in DTYPES}
    types = {"bool": "uint8_t", "float32": "float"}
    lines = ["#include <stdint.h>", "#include <stdio.h>"]
    for dtype, values in arrays.items():
        body = "\n".join(literals.rows(values))
        lines.append(
            f"static const {types.get(dtype, dtype + '_t')} a_{dtype}[{values.size}] = {{\n{body}\n}};"
        )
    writes = [f"fwrite(a_{dtype}, sizeof a_{dtype}, 1, stdout);" for dtype in DTYPES]
    lines.append("int main(void)\n{\n" + "\n".join(writes) + "\nreturn 0;\n}\n")
    source = tmp_path / "arrays.c"
    source.write_text("\n".join(lines), encoding="ascii")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
    subprocess.run(["gcc", *flags, str(source), "-o", str(tmp_path / "arrays")], check=True)
    read = subprocess.run([str(tmp_path / "arrays")], check=True, capture_output=True).stdout
    assert read == b"".join(values.tobytes() for values in arrays.values())
