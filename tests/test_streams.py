"""Models that remember, over many calls: C on the host against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.host_session import HostSession
from tests.support.stateful_models import MODELS
from tinygen import codegen, frontend, passes, planning
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import TflmOracle
from tinygen.target import Compiler, Target
from tinygen.verify import first_divergence
from tinygen.verify.inputs import random_inputs

CALLS = 20
HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def generated(data: bytes) -> tuple[planning.Plan, codegen.Library]:
    model = frontend.parse(data, "stream.tflite")
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    return plan, codegen.generate(model.name, model.sha256, plan)


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_successive_calls_are_those_of_tflm(name: str, tmp_path: Path) -> None:
    plan, library = generated(MODELS[name])
    samples = random_inputs(plan.graph, CALLS, seed=5)
    expected = [run.outputs for run in TflmOracle(MODELS[name]).run(samples)]
    host = compile_library(library, tmp_path)
    for _ in range(2):
        host.reset()
        found = [host.run(sample) for sample in samples]
        for number, (right, ours) in enumerate(zip(expected, found, strict=True)):
            for one, other in zip(right, ours, strict=True):
                assert np.array_equal(one, other), f"call {number} of {name}"


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_every_layer_of_a_late_call_is_that_of_tflm(name: str, tmp_path: Path) -> None:
    plan, library = generated(MODELS[name])
    session = HostSession(compile_library(library, tmp_path))
    samples = random_inputs(plan.graph, 4, seed=6)
    assert first_divergence(plan, session, TflmOracle(MODELS[name]), samples, 3) is None


@pytest.mark.oracle
def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    plan, library = generated(MODELS["exchange"])
    samples = random_inputs(plan.graph, CALLS, seed=7)
    expected = [run.outputs for run in TflmOracle(MODELS["exchange"]).run(samples)]
    for right, ours in zip(expected, run_sanitized(library, tmp_path, samples), strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(right, ours, strict=True))
