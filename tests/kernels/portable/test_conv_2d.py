"""CONV_2D, portable: against numpy, against TFLM, and at every boundary of its overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.linear_cases import INPUT, OUTPUT, LinearCase, tflm_model
from tinygen.kernels.interface import Candidate, Refusal
from tinygen.kernels.portable.conv_2d import propose
from tinygen.ops.geometry import Activation, Padding, Pads
from tinygen.oracle.tflm import TflmOracle
from tinygen.target import Compiler, Target

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def conv(input_hwc: tuple[int, int, int], filter_shape: tuple[int, ...], **details: object) -> LinearCase:
    return LinearCase("CONV_2D", (1, *input_hwc), filter_shape, **details)  # type: ignore[arg-type]


def candidate(case: LinearCase) -> Candidate:
    proposal = propose(case.graph.ops, case.graph, HOST)
    assert not isinstance(proposal, Refusal), proposal
    (found,) = proposal
    return found


def library(cases: Sequence[LinearCase], folder: Path) -> KernelLibrary:
    return KernelLibrary([KernelCase(case.graph, candidate(case)) for case in cases], folder)


def _matrix() -> list[LinearCase]:
    """Shapes x strides x dilations x paddings, the other options taking turns."""
    shapes = [
        ((7, 6, 3), (5, 3, 3, 3)),
        ((9, 8, 5), (4, 3, 2, 5)),
        ((6, 9, 4), (8, 1, 1, 4)),
        ((8, 7, 6), (6, 3, 3, 3)),
        ((10, 9, 1), (9, 5, 4, 1)),
        ((5, 5, 16), (3, 2, 3, 16)),
        ((7, 8, 8), (8, 2, 2, 2)),
    ]
    steps = [
        ((1, 1), (1, 1)),
        ((2, 2), (1, 1)),
        ((1, 2), (1, 1)),
        ((1, 1), (2, 1)),
        ((2, 1), (1, 2)),
        ((1, 1), (2, 2)),
    ]
    cases = []
    for (shape, weights), (stride, dilation), padding in product(shapes, steps, Padding):
        number = len(cases)
        cases.append(
            conv(
                shape,
                weights,
                stride=stride,
                dilation=dilation,
                padding=padding,
                activation=list(Activation)[number % 4],
                per_channel=number % 3 != 0,
                bias=number % 5 != 0,
                zero_points=[(-5, 9), (-128, -128), (0, 0), (127, -60)][number % 4],
                seed=number,
            )
        )
    return cases


MATRIX = _matrix()
EXPLICIT = [
    conv((6, 7, 3), (5, 3, 3, 3), padding=pads, stride=stride, zero_points=(17, -3), seed=number)
    for number, (pads, stride) in enumerate(
        product(
            [Pads(1, 0, 0, 1), Pads(0, 2, 2, 0), Pads(2, 1, 0, 2), Pads(3, 3, 3, 3), Pads(5, 0, 0, 6)],
            [(1, 1), (2, 2), (3, 1)],
        )
    )
]


def test_matrix_and_explicit_pads_equal_numpy(tmp_path: Path) -> None:
    cases = [*MATRIX, *EXPLICIT]
    compiled = library(cases, tmp_path)
    for number, case in enumerate(cases):
        sample = case.sample()
        found = compiled.run(number, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, case.reference(sample), err_msg=str(case))
        assert len(np.unique(found)) > 8 or case.activation is not Activation.NONE, case


@pytest.mark.oracle
def test_matrix_equals_tflm(tmp_path: Path) -> None:
    compiled = library(MATRIX, tmp_path)
    samples = [case.sample(1) for case in MATRIX]
    (run,) = TflmOracle(tflm_model(MATRIX)).run([samples], [])
    for number, (case, sample, expected) in enumerate(zip(MATRIX, samples, run.outputs, strict=True)):
        found = compiled.run(number, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, expected, err_msg=str(case))
