"""DEPTHWISE_CONV_2D, portable: against numpy, against TFLM, and at every boundary of its overlap."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.linear_cases import (
    INPUT,
    OUTPUT,
    LinearCase,
    assert_equals_numpy,
    assert_equals_tflm,
    assert_overlaps,
    candidate,
    compile_cases,
    refusal,
)
from tinygen.kernels.portable.depthwise_conv_2d import propose
from tinygen.ops.geometry import Activation, Padding, Pads

ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
ZERO_POINTS = ((-5, 9), (-128, -128), (0, 0), (127, -60))


def depthwise(
    input_hwc: tuple[int, int, int], filter_hw: tuple[int, int], multiplier: int = 1, **details: Any
) -> LinearCase:
    filters = (1, *filter_hw, input_hwc[2] * multiplier)
    return LinearCase("DEPTHWISE_CONV_2D", (1, *input_hwc), filters, **details)


def _matrix() -> list[LinearCase]:
    """Shapes x steps x paddings, the other options taking turns."""
    shapes = [
        ((7, 11, 3), (3, 3), 1),
        ((6, 3, 5), (3, 3), 1),
        ((9, 14, 2), (5, 5), 1),
        ((10, 13, 1), (10, 8), 4),
        ((8, 9, 3), (2, 4), 2),
        ((12, 20, 2), (7, 7), 1),
        ((5, 6, 4), (1, 1), 1),
    ]
    steps = [
        {},
        {"stride": (2, 2)},
        {"stride": (1, 2)},
        {"stride": (3, 3)},
        {"dilation": (2, 1)},
        {"dilation": (1, 2)},
        {"stride": (2, 1), "dilation": (1, 2)},
    ]
    cases = []
    for number, ((shape, filter_hw, multiplier), step, padding) in enumerate(product(shapes, steps, Padding)):
        case = depthwise(
            shape,
            filter_hw,
            multiplier,
            padding=padding,
            activation=ACTIVATIONS[number % 4],
            per_channel=number % 3 != 0,
            zero_points=ZERO_POINTS[number % 4],
            seed=number,
            **step,
        )
        if min(case.output) > 0:
            cases.append(case)
    return cases


MATRIX = _matrix()
WITHOUT_BIAS = [replace(case, bias=False) for case in MATRIX[::5]]

EXPLICIT = [
    depthwise((6, 7, 3), (3, 3), padding=pads, stride=stride, zero_points=(17, -3), seed=number)
    for number, (pads, stride) in enumerate(
        product(
            [Pads(1, 0, 0, 1), Pads(0, 2, 2, 0), Pads(2, 1, 0, 2), Pads(3, 3, 3, 3), Pads(5, 0, 0, 6)],
            [(1, 1), (2, 2), (3, 1)],
        )
    )
]


LARGE_GAIN = [replace(MATRIX[0], gain=gain) for gain in (700.0, 4e5, 1e-7)]

CASES = [*MATRIX, *LARGE_GAIN, *WITHOUT_BIAS, *EXPLICIT]
"""Explicit pads exist in graphs only, not in files."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> KernelLibrary:
    return compile_cases(propose, CASES, tmp_path_factory.mktemp("kernels"))


def test_equals_numpy(compiled: KernelLibrary) -> None:
    assert_equals_numpy(compiled, CASES)


@pytest.mark.oracle
def test_equals_tflm(compiled: KernelLibrary) -> None:
    assert_equals_tflm(compiled, [*MATRIX, *LARGE_GAIN, *WITHOUT_BIAS])


OVERLAPPING = [
    depthwise((5, 9, 3), (3, 3), padding=Padding.SAME),
    depthwise((5, 9, 3), (3, 3), padding=Padding.VALID),
    depthwise((7, 9, 4), (3, 3), padding=Padding.SAME, stride=(2, 2)),
    depthwise((7, 11, 1), (3, 3), padding=Padding.VALID, stride=(2, 2)),
    depthwise((6, 6, 2), (1, 1), padding=Padding.VALID, stride=(3, 3)),
    depthwise((5, 9, 3), (2, 3), 2, padding=Padding.SAME),
    depthwise((8, 9, 3), (3, 3), padding=Padding.SAME, dilation=(2, 2)),
    depthwise((3, 3, 5), (3, 3), padding=Padding.VALID),
    depthwise((3, 3, 1), (3, 3), padding=Padding.VALID),
]


def test_overlaps_hold_at_their_boundaries_and_no_further(tmp_path: Path) -> None:
    cases = [replace(case, zero_points=(3, -4), seed=n) for n, case in enumerate(OVERLAPPING)]
    assert_overlaps(compile_cases(propose, cases, tmp_path), cases)


def test_same_padding_overlaps_all_but_a_few_rows() -> None:
    case = depthwise((24, 24, 8), (3, 3), padding=Padding.SAME)
    (overlap,) = candidate(propose, case.graph).overlaps
    assert -2 * 24 * 8 in overlap.allowed
    assert 0 not in overlap.allowed


def test_pitches(tmp_path: Path) -> None:
    cases = [
        depthwise((6, 7, 3), (3, 3), padding=Padding.SAME),
        depthwise((6, 9, 2), (3, 8), 2, padding=Padding.SAME),
    ]
    assert_equals_numpy(compile_cases(propose, cases, tmp_path, {INPUT: 5, OUTPUT: 9}), cases)
    assert all(operand.pitch is None for operand in candidate(propose, cases[0].graph).operands)


def test_common_layers_share_instances(tmp_path: Path) -> None:
    layers = [
        ((8, 8, 4), (1, 1)),
        ((6, 6, 16), (1, 1)),
        ((3, 3, 8), (1, 1)),
        ((8, 8, 4), (2, 2)),
        ((6, 6, 8), (2, 2)),
    ]
    cases = [depthwise(shape, (3, 3), padding=Padding.SAME, stride=stride) for shape, stride in layers]
    assert compile_cases(propose, cases, tmp_path).instances == 2


def test_refuses_broken_channel_counts() -> None:
    case = depthwise((4, 4, 3), (3, 3))
    source = replace(case.graph.tensors[INPUT], shape=(1, 4, 4, 2))
    found = refusal(propose, case.graph.with_tensors([source]))
    assert found.rule == "DEPTHWISE_CONV_2D has a whole number of filters per input channel"
    two = replace(case.graph.tensors[INPUT], shape=(2, 4, 4, 3))
    assert refusal(propose, case.graph.with_tensors([two])).found == "batch 2"


def test_cost_follows_the_work() -> None:
    small, large = (
        candidate(propose, depthwise((n, n, 8), (3, 3), padding=Padding.SAME).graph).cost for n in (12, 24)
    )
    outputs = int(np.prod((24, 24, 8)))
    assert 30 * outputs < large.instructions < 100 * outputs
    assert large.instructions > 3.5 * small.instructions
