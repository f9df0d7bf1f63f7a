"""TFLM's own single-op tests with int16 activations (SEANet): the recorded outputs, exactly.

The folders have `<op>N.tflite`, `<op>N_input<k>_<dtype>.csv` and `<op>N_golden_<dtype>.csv`, row-major.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import compile_library
from tests.support.models import models_folder
from tinygen import codegen, frontend, passes, planning
from tinygen.codegen import Port
from tinygen.ir import Array
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import TflmOracle
from tinygen.target import Compiler, Target

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))

FOLDER = models_folder().parent / "golden" / "seanet"
MODELS = sorted(FOLDER.glob("*/*.tflite"), key=lambda path: (path.parent.name, len(path.stem), path.stem))

RECORDED_OTHERWISE = {"leaky_relu18": [1065]}
"""Elements recorded with a TFLM that divided the scales in float32; the oracle's divides in double."""


def recorded(model: Path, role: str, port: Port) -> Array:
    """The values in the only CSV file of a role, such as "input0" or "golden"."""
    (path,) = model.parent.glob(f"{model.stem}_{role}_*.csv")
    assert path.stem.endswith(f"_{port.dtype}")
    text = path.read_text(encoding="ascii").replace("\n", ",").strip(",")
    return np.array([int(value) for value in text.split(",")], port.dtype.numpy).reshape(port.shape)


def outputs(path: Path, folder: Path) -> tuple[Array, Array]:
    """What the generated C makes of a model's recorded inputs, and the recorded output."""
    survey = frontend.load(path)
    if survey.violations:
        first = survey.violations[0]
        pytest.skip(f"tinygen refuses {path.stem}: {first.op.kind}: {first.rule} This one: {first.found}")
    model = survey.supported()
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    library = codegen.generate(model.name, model.sha256, plan)
    inputs = [recorded(path, f"input{number}", port) for number, port in enumerate(library.inputs)]
    (found,) = compile_library(library, folder).run(inputs)
    return found, recorded(path, "golden", library.outputs[0])


@pytest.mark.skipif(not MODELS, reason=f"the recorded models are not in {FOLDER}; see TINYGEN_MODELS")
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_outputs_are_the_recorded_ones(path: Path, tmp_path: Path) -> None:
    found, golden = outputs(path, tmp_path)
    differing = np.flatnonzero(found.ravel() != golden.ravel()).tolist()
    assert differing == RECORDED_OTHERWISE.get(path.stem, [])


@pytest.mark.oracle
@pytest.mark.parametrize("name", RECORDED_OTHERWISE)
def test_what_was_recorded_otherwise_is_what_tflm_computes_now(name: str, tmp_path: Path) -> None:
    found = [path for path in MODELS if path.stem == name]
    if not found:
        pytest.skip(f"the recorded model {name} is not in {FOLDER}; see TINYGEN_MODELS")
    (path,) = found
    ours, golden = outputs(path, tmp_path)
    (source,) = path.parent.glob(f"{name}_input0_*.csv")
    values = np.array([int(value) for value in source.read_text().replace("\n", ",").strip(",").split(",")])
    (run,) = TflmOracle(path.read_bytes()).run([[values.astype(np.int16).reshape(golden.shape)]])
    np.testing.assert_array_equal(ours, run.outputs[0])
