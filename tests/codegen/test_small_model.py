"""A model of one FULLY_CONNECTED and one SOFTMAX, from .tflite to golden C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.ir import DType
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle.tflm import TflmOracle
from tinygen.target import Compiler, Target
from tinygen.verify import random_inputs

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def classifier() -> bytes:
    """int8[1,6] -> FULLY_CONNECTED -> SOFTMAX -> int8[1,4]."""
    generator = np.random.default_rng(0)
    writer = ModelWriter()
    features = writer.input("features", (1, 6), DType.INT8, scales=0.05, zero_points=-3)
    filters = writer.constant("dense/kernel", generator.integers(-127, 128, (4, 6)), DType.INT8, 0.01, 0)
    bias = writer.constant("dense/bias", generator.integers(-2000, 2000, 4), DType.INT32, 0.0005, 0)
    logits = writer.tensor("dense/BiasAdd", (1, 4), DType.INT8, scales=0.1, zero_points=7)
    writer.op("FULLY_CONNECTED", [features, filters, bias], [logits], {"fused_activation_function": "NONE"})
    scores = writer.tensor("scores", (1, 4), DType.INT8, scales=1 / 256, zero_points=-128)
    writer.op("SOFTMAX", [logits], [scores], {"beta": 1.0})
    return writer.finish([scores])


def float_sum() -> bytes:
    """float32[3,5] and int8[3,5] -> QUANTIZE, ADD, DEQUANTIZE -> float32[3,5] and the int8 sum."""
    writer = ModelWriter()
    real = writer.input("real", (3, 5), DType.FLOAT32)
    other = writer.input("other", (3, 5), DType.INT8, scales=0.02, zero_points=4)
    quantized = writer.tensor("quantized", (3, 5), DType.INT8, scales=0.03, zero_points=-9)
    writer.op("QUANTIZE", [real], [quantized])
    total = writer.tensor("sum", (3, 5), DType.INT8, scales=0.05, zero_points=1)
    writer.op("ADD", [quantized, other], [total], {"fused_activation_function": "RELU"})
    result = writer.tensor("result", (3, 5), DType.FLOAT32)
    writer.op("DEQUANTIZE", [total], [result])
    return writer.finish([result, total])


def generated(folder: Path, data: bytes) -> tuple[Path, planning.Plan, codegen.Library]:
    path = folder / "classifier.tflite"
    path.write_bytes(data)
    model = frontend.read(path)
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    return path, plan, codegen.generate(model.name, model.sha256, plan)


def test_golden_c(tmp_path: Path, golden) -> None:
    _, _, library = generated(tmp_path, classifier())
    for name, content in library.files.items():
        if "kernels/" not in name:
            golden(f"codegen/classifier/{Path(name).name}", content.decode())


@pytest.mark.oracle
@pytest.mark.parametrize("data", [classifier(), float_sum()], ids=["classifier", "float sum"])
def test_it_computes_what_tflm_computes(data: bytes, tmp_path: Path) -> None:
    path, plan, library = generated(tmp_path, data)
    samples = random_inputs(plan.graph, 64, seed=0)
    expected = TflmOracle(path.read_bytes()).run(samples)
    host = compile_library(library, tmp_path / "host")
    sanitized = run_sanitized(library, tmp_path / "sanitized", samples)
    for run, sample, also in zip(expected, samples, sanitized, strict=True):
        for right, ours, again in zip(run.outputs, host.run(sample), also, strict=True):
            assert right.tobytes() == ours.tobytes() == again.tobytes()


def test_several_inputs_are_numbered(tmp_path: Path) -> None:
    _, _, library = generated(tmp_path, float_sum())
    assert [(port.function, port.c_type) for port in library.inputs] == [
        ("classifier_input_0", "float"),
        ("classifier_input_1", "int8_t"),
    ]
    header = library.files["src/classifier.h"].decode()
    assert "classifier_input_1_quantize(float real)" in header
    assert "classifier_input_0_quantize" not in header
    assert "classifier_output_1_dequantize(int8_t element)" in header
