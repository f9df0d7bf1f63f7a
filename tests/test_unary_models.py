"""Whole models of unary operators: every kernel in generated C, uint8 at the edges, float throughout."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.host_library import WARNINGS, compile_library, run_compiler, run_sanitized, write_library
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.codegen import Library
from tinygen.ir import DType
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import Sample
from tinygen.oracle.tflm import TflmOracle
from tinygen.target import Compiler, Target
from tinygen.verify import random_inputs

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))
SHAPE = (3, 7)

INT8, UINT8, INT16, INT32, REAL = DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32

Quantized = tuple[DType, float, int]
"""Dtype, scale and zero point of a tensor."""

INTEGERS: tuple[tuple[str, Quantized, Quantized, Mapping[str, Any] | None], ...] = (
    ("ABS", (INT8, 0.1, 5), (INT8, 0.05, -9), None),
    ("ABS", (INT16, 0.1, 0), (INT16, 0.07, 0), None),
    ("ELU", (INT8, 0.1, 5), (INT8, 0.05, -9), None),
    ("HARD_SWISH", (INT8, 0.1, 5), (INT8, 0.05, -9), None),
    ("L2_NORMALIZATION", (INT8, 0.1, 5), (INT8, 1 / 128, 0), {}),
    ("LEAKY_RELU", (INT8, 0.1, 5), (INT8, 0.05, -9), {"alpha": 0.1}),
    ("LEAKY_RELU", (INT16, 0.1, 0), (INT16, 0.05, 0), {"alpha": 0.1}),
    ("LOGISTIC", (INT8, 0.1, 5), (INT8, 1 / 256, -128), None),
    ("LOGISTIC", (INT16, 0.0003, 0), (INT16, 2.0**-15, 0), None),
    ("LOG_SOFTMAX", (INT8, 0.1, 5), (INT8, 1 / 16, 127), None),
    ("QUANTIZE", (INT8, 0.1, 5), (UINT8, 0.1, 133), None),
    ("QUANTIZE", (UINT8, 0.1, 5), (INT8, 0.07, -100), None),
    ("QUANTIZE", (INT16, 0.1, 0), (INT32, 0.003, 0), None),
    ("QUANTIZE", (INT32, 1e-6, 0), (INT16, 0.1, 0), None),
    ("RELU", (INT16, 0.1, 0), (INT16, 0.07, 0), None),
    ("RSQRT", (INT8, 0.1, -128), (INT8, 0.05, -128), None),
    ("SOFTMAX", (INT8, 0.1, 5), (INT16, 1 / 65536, -32768), {"beta": 1.0}),
    ("SOFTMAX", (INT16, 0.001, 0), (INT16, 1 / 32768, 0), {"beta": 1.0}),
    ("TANH", (INT8, 0.1, 5), (INT8, 1 / 128, 0), None),
    ("TANH", (INT16, 0.0003, 0), (INT16, 2.0**-15, 0), None),
)
EXACT = ("ABS", "CEIL", "FLOOR", "HARD_SWISH", "RELU", "RELU6", "ROUND", "SQUARE")
LIBM = ("COS", "ELU", "EXP", "LOGISTIC", "LOG_SOFTMAX", "SIN", "TANH")


def integers() -> bytes:
    """Every operator of `INTEGERS` on an input of its own."""
    w = ModelWriter()
    outputs = []
    for kind, source, result, options in INTEGERS:
        x = w.input("x", SHAPE, source[0], scales=source[1], zero_points=source[2])
        outputs.append(w.tensor("y", SHAPE, result[0], scales=result[1], zero_points=result[2]))
        w.op(kind, [x], outputs[-1:], options)
    return w.finish(outputs)


def reals(kinds: tuple[str, ...]) -> bytes:
    """A chain of float32 operators for each of `kinds`: halved, the operator, a softmax."""
    w = ModelWriter()
    half = w.constant("half", np.full(SHAPE[1], 0.5), REAL)
    outputs = []
    for kind in kinds:
        names = ("x", "halved", "y", "softmax")
        x, halved, y, outcome = (
            w.input(name, SHAPE, REAL) if name == "x" else w.tensor(name, SHAPE, REAL) for name in names
        )
        w.op("MUL", [x, half], [halved], {})
        w.op(kind, [halved], [y])
        w.op("SOFTMAX", [y], [outcome], {"beta": 1.0})
        outputs += [y, outcome]
    return w.finish(outputs)


def island() -> bytes:
    """An int8 model with an exponential in float32."""
    w = ModelWriter()
    x = w.input("x", SHAPE, INT8, scales=0.05)
    real, power = (w.tensor(name, SHAPE, REAL) for name in ("real", "power"))
    y = w.tensor("y", SHAPE, INT8, scales=4.0, zero_points=-128)
    w.op("DEQUANTIZE", [x], [real])
    w.op("EXP", [real], [power])
    w.op("QUANTIZE", [power], [y])
    return w.finish([y])


MODELS = {
    "integers": integers(),
    "exact": reals(EXACT),
    "libm": reals(LIBM),
    "island": island(),
}


@cache
def built(name: str) -> tuple[Library, tuple[Sample, ...]]:
    model = frontend.parse(MODELS[name], name, allow_float=True)
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    samples = random_inputs(plan.graph, 3, seed=4)
    return codegen.generate(model.name, model.sha256, plan), samples


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_those_of_tflm(name: str, tmp_path: Path) -> None:
    """Those of libm too, since TFLM and the generated C use the same one here."""
    library, samples = built(name)
    expected = TflmOracle(MODELS[name]).run(samples)
    host = compile_library(library, tmp_path, flags=("-lm",))
    for sample, run in zip(samples, expected, strict=True):
        for port, wanted, found in zip(library.outputs, run.outputs, host.run(sample), strict=True):
            assert wanted.dtype == found.dtype
            assert wanted.tobytes() == found.tobytes(), port.name


@pytest.mark.parametrize("name", ["integers", "island"])
def test_sanitizers_find_nothing(name: str, tmp_path: Path) -> None:
    library, samples = built(name)
    run_sanitized(library, tmp_path, samples)


def test_edges_of_uint8_are_of_uint8_in_c() -> None:
    library, _ = built("integers")
    assert {port.c_type for port in library.inputs} == {"int8_t", "uint8_t", "int16_t", "int32_t"}
    assert {port.c_type for port in library.outputs} == {"int8_t", "uint8_t", "int16_t", "int32_t"}


@pytest.mark.arm
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
@pytest.mark.parametrize("name", MODELS)
def test_only_models_with_float_functions_need_libm(name: str, core: str, tmp_path: Path) -> None:
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not on PATH (Debian: apt install gcc-arm-none-eabi)")
    library, _ = built(name)
    code = next(path for path in write_library(library, tmp_path) if path.stem == library.name)
    target = tmp_path / "code.o"
    flags = ("-std=c99", f"-mcpu={core}", "-mthumb", "-O2", "-ffp-contract=off", *WARNINGS)
    run_compiler(compiler, *flags, "-c", code, "-o", target)
    symbols = subprocess.run(
        [compiler.replace("-gcc", "-nm"), "-u", str(target)], capture_output=True, text=True, check=True
    ).stdout
    needed = set(re.findall(r"\b(?:exp|log|sin|cos|tanh|expm1)f\b", symbols))
    assert (
        needed
        == {
            "integers": set(),
            "exact": {"expf"},
            "libm": {"cosf", "expf", "expm1f", "logf", "sinf", "tanhf"},
            "island": {"expf"},
        }[name]
    )
