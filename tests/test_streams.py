"""Models that remember, over many calls: C on the host against TensorFlow Lite Micro."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.host_session import HostSession
from tests.support.models import model_path
from tests.support.stateful_models import MODELS
from tests.support.streams import CALLS, assert_equal, check_calls, generated
from tinygen.oracle import TflmOracle
from tinygen.verify import first_divergence
from tinygen.verify.inputs import random_inputs

pytestmark = pytest.mark.oracle

PUBLIC = ("keyword_svdf", "mnist_lstm", "okay_nabu_streaming")


@pytest.mark.parametrize("name", MODELS)
def test_successive_calls_are_those_of_tflm(name: str, tmp_path: Path) -> None:
    check_calls(MODELS[name], tmp_path, seed=5)


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_of_a_late_call_is_that_of_tflm(name: str, tmp_path: Path) -> None:
    plan, library = generated(MODELS[name])
    session = HostSession(compile_library(library, tmp_path))
    samples = random_inputs(plan.graph, 4, seed=6)
    assert first_divergence(plan, session, TflmOracle(MODELS[name]), samples, 3) is None


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    plan, library = generated(MODELS["exchange"])
    samples = random_inputs(plan.graph, CALLS, seed=7)
    expected = TflmOracle(MODELS["exchange"]).run(samples)
    assert_equal(expected, run_sanitized(library, tmp_path, samples))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_streaming_models(name: str, tmp_path: Path) -> None:
    data = model_path(name).read_bytes()
    check_calls(data, tmp_path / "plain", seed=8)
    plan, library = generated(data)
    samples = random_inputs(plan.graph, CALLS, seed=9)
    assert_equal(TflmOracle(data).run(samples), run_sanitized(library, tmp_path / "sanitized", samples))
