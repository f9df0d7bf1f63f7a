"""--allow-float and its key in tinygen.toml: models that are float32 throughout are compiled as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import DType


@pytest.fixture
def model(tmp_path: Path) -> Path:
    w = ModelWriter()
    x = w.input("x", (1, 8), DType.FLOAT32)
    factor = w.constant("factor", np.full((8,), 0.5), DType.FLOAT32)
    scaled, y = (w.tensor(name, (1, 8), DType.FLOAT32) for name in ("scaled", "y"))
    w.op("MUL", [x, factor], [scaled], {})
    w.op("TANH", [scaled], [y])
    path = tmp_path / "wave.tflite"
    path.write_bytes(w.finish([y]))
    return path


def test_a_float_model_is_refused_with_what_int8_would_save(run: Run, model: Path) -> None:
    result = run("generate", model, "--board", "host", "-o", "out")
    assert result.exit_code == 3
    assert "take 32 B of flash as float32; as int8 they would take about 8 B" in result.output
    assert "--allow-float" in result.output


def test_inspecting_and_generating_may_be_allowed(run: Run, model: Path) -> None:
    assert run("inspect", model).exit_code == 3
    assert run("inspect", model, "--allow-float").exit_code == 0
    assert run("generate", model, "--board", "host", "--allow-float", "-o", "out").exit_code == 0
    assert "allow_float = true\n" in Path("out/tinygen.toml").read_text(encoding="utf-8")
    assert "float *wave_input(void);" in Path("out/lib/wave/src/wave.h").read_text(encoding="utf-8")


@pytest.mark.oracle
def test_a_project_may_allow_it(run: Run, model: Path) -> None:
    text = f'board = "host"\nallow_float = true\n[[models]]\npath = "{model.name}"\n'
    Path("tinygen.toml").write_text(text, encoding="utf-8")
    assert run("inspect").exit_code == 0
    assert run("vectors", "-o", "golden.npz", "--samples", "2").exit_code == 0
    with np.load("golden.npz") as stored:
        np.testing.assert_array_equal(stored["out0"].shape, (2, 1, 8))


@pytest.mark.oracle
@pytest.mark.platformio
def test_a_float_model_is_proven_on_the_host(run: Run, model: Path) -> None:
    result = run("test", model, "--board", "host", "--allow-float", "--samples", "2", "--json", "report.json")
    assert result.exit_code == 0, result.output
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["bit_exact"]
