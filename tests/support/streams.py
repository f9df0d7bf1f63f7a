"""Models over successive calls: their C on the host against TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.support.host_library import HostModel, compile_library
from tinygen import codegen, frontend, passes, planning
from tinygen.ir import Array
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import OracleRun, Sample, TflmOracle
from tinygen.target import Compiler, Target
from tinygen.verify.inputs import random_inputs

CALLS = 20
HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def generated(data: bytes) -> tuple[planning.Plan, codegen.Library]:
    """The plan and the C of a model."""
    model = frontend.parse(data, "stream.tflite")
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    return plan, codegen.generate(model.name, model.sha256, plan)


def assert_equal(expected: Sequence[OracleRun], found: Sequence[tuple[Array, ...]]) -> None:
    """Expect the same bits of every output of every call."""
    for call, (right, ours) in enumerate(zip(expected, found, strict=True)):
        for number, (one, other) in enumerate(zip(right.outputs, ours, strict=True)):
            wrong = int(np.count_nonzero(one != other))
            assert one.tobytes() == other.tobytes(), f"call {call}, output {number}: {wrong} of {one.size}"


def check_calls(data: bytes, folder: Path, *, samples: Sequence[Sample] = (), seed: int = 0) -> HostModel:
    """Compile a model and compare successive calls with TFLM's, twice with a reset before each.

    Args:
        data: the .tflite file.
        folder: for the library.
        samples: inputs; `CALLS` random ones where there are none.
        seed: of random inputs.
    """
    plan, library = generated(data)
    samples = samples or random_inputs(plan.graph, CALLS, seed)
    expected = TflmOracle(data).run(samples)
    host = compile_library(library, folder)
    for _ in range(2):
        host.reset()
        assert_equal(expected, [host.run(sample) for sample in samples])
    return host
