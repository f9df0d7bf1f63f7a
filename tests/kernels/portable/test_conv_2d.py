"""CONV_2D, portable: against numpy, against TFLM, and at every boundary of its overlap."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.linear_cases import (
    BIAS,
    FILTER,
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
from tinygen.ir import DType
from tinygen.kernels.intervals import apart
from tinygen.kernels.portable.conv_2d import propose
from tinygen.ops.geometry import Activation, Padding, Pads

ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
ZERO_POINTS = ((-5, 9), (-128, -128), (0, 0), (127, -60))


def conv(input_hwc: tuple[int, int, int], filters: tuple[int, ...], **details: Any) -> LinearCase:
    return LinearCase("CONV_2D", (1, *input_hwc), filters, **details)


def _matrix() -> list[LinearCase]:
    """Shapes x steps x paddings, the other options taking turns."""
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
        {},
        {"stride": (2, 2)},
        {"stride": (1, 2)},
        {"dilation": (2, 1)},
        {"stride": (2, 1), "dilation": (1, 2)},
        {"dilation": (2, 2)},
    ]
    cases = []
    for number, ((shape, filters), step, padding) in enumerate(product(shapes, steps, Padding)):
        options: dict[str, Any] = {
            "activation": ACTIVATIONS[number % 4],
            "per_channel": number % 3 != 0,
            "bias": number % 5 != 0,
            "zero_points": ZERO_POINTS[number % 4],
        }
        cases.append(conv(shape, filters, padding=padding, seed=number, **step, **options))
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

LARGE_GAIN = [conv((4, 4, 3), (5, 3, 3, 3), gain=gain, seed=7) for gain in (700.0, 4e5, 1e7, 1e-7)]


CASES = [*MATRIX, *LARGE_GAIN, *EXPLICIT]
"""Explicit pads exist in graphs only, not in files."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> KernelLibrary:
    return compile_cases(propose, CASES, tmp_path_factory.mktemp("kernels"))


def test_equals_numpy(compiled: KernelLibrary) -> None:
    assert_equals_numpy(compiled, CASES)


@pytest.mark.oracle
def test_equals_tflm(compiled: KernelLibrary) -> None:
    assert_equals_tflm(compiled, [*MATRIX, *LARGE_GAIN])


OVERLAPPING = [
    conv((5, 6, 8), (8, 1, 1, 8)),
    conv((4, 5, 16), (4, 1, 1, 16)),
    conv((4, 5, 4), (12, 1, 1, 4)),
    conv((3, 5, 6), (5, 1, 1, 6)),
    conv((3, 5, 6), (1, 1, 1, 6)),
    conv((3, 5, 9), (2, 1, 1, 9)),
    conv((6, 7, 3), (4, 3, 3, 3), padding=Padding.SAME),
    conv((6, 7, 3), (5, 3, 3, 3), padding=Padding.SAME, stride=(2, 2)),
    conv((7, 7, 4), (8, 3, 3, 4), padding=Padding.VALID, stride=(2, 2)),
    conv((9, 9, 3), (3, 3, 3, 3), padding=Padding.VALID, dilation=(2, 2)),
    conv((5, 6, 8), (8, 2, 2, 4), padding=Padding.SAME),
    conv((5, 6, 8), (6, 2, 2, 4), padding=Padding.VALID),
    conv((6, 6, 4), (3, 1, 1, 4), stride=(3, 3)),
    conv((1, 1, 12), (3, 1, 1, 12)),
    conv((1, 1, 12), (8, 1, 1, 12)),
]


def test_overlaps_hold_at_their_boundaries_and_no_further(tmp_path: Path) -> None:
    cases = [replace(case, zero_points=(3, -4), seed=n) for n, case in enumerate(OVERLAPPING)]
    assert_overlaps(compile_cases(propose, cases, tmp_path), cases)


def test_pixelwise_reduction_runs_in_place() -> None:
    case = conv((4, 5, 16), (4, 1, 1, 16))
    (overlap,) = candidate(propose, case.graph).overlaps
    assert 0 in overlap.allowed
    assert 24 in overlap.allowed
    assert 25 not in overlap.allowed


@pytest.mark.parametrize("case", OVERLAPPING, ids=str)
def test_apart_is_always_allowed(case: LinearCase) -> None:
    (overlap,) = candidate(propose, case.graph).overlaps
    separate = apart(int(np.prod(case.input)), int(np.prod(case.output)))
    assert (overlap.allowed | separate) == overlap.allowed


def test_pitches(tmp_path: Path) -> None:
    """Outputs take any pitch; inputs too where a filter row is one pixel or is read tap by tap."""
    rows = [conv((6, 7, 3), (5, 3, 3, 3), padding=Padding.SAME)]
    others = [
        conv((5, 6, 8), (7, 1, 1, 8)),
        conv((6, 7, 4), (5, 1, 1, 4), stride=(2, 2)),
        conv((6, 7, 6), (6, 3, 3, 2), padding=Padding.SAME),
    ]
    assert_equals_numpy(compile_cases(propose, rows, tmp_path, {OUTPUT: 11}), rows)
    assert_equals_numpy(compile_cases(propose, others, tmp_path, {INPUT: 13, OUTPUT: 9}), others)
    assert candidate(propose, rows[0].graph).operands[0].pitch == 3
    assert all(candidate(propose, case.graph).operands[0].pitch is None for case in others)


def test_common_layers_share_instances(tmp_path: Path) -> None:
    pixelwise = [conv((h, 5, c), (c, 1, 1, c)) for h, c in ((4, 8), (9, 12), (3, 20))]
    rows = [
        conv((h, 8, 8), (k, 3, 3, 8), padding=Padding.SAME, stride=s)
        for h, k, s in ((6, 4, (1, 1)), (7, 8, (2, 2)))
    ]
    assert compile_cases(propose, [*pixelwise, *rows], tmp_path).instances == 2


def test_weights_are_stored_once() -> None:
    case = conv((7, 6, 3), (5, 3, 3, 3))
    packed = {item.name: item.pack() for item in candidate(propose, case.graph).constants}
    assert sorted(packed["filter"].tolist()) == sorted(case.weights.ravel().tolist())
    assert {name: (array.dtype.name, array.size) for name, array in packed.items()} == {
        "filter": ("int8", 135),
        "bias": ("int32", 5),
        "multiplier": ("int32", 5),
        "shift": ("int8", 5),
    }


def test_saturated_channels_keep_the_short_requantization(tmp_path: Path) -> None:
    """Converters write biases of 2**30 for channels that are always saturated."""
    case = conv((3, 4, 8), (6, 1, 1, 8), activation=Activation.RELU)
    case.biases[:] = [2**30, -(2**30), 2**30 + 77, 0, -(2**30) - 1000, 12]
    call = candidate(propose, case.graph).call
    assert call is not None
    assert [item.value for item in call.parameters if item.name == "any_scale"] == [0]
    assert_equals_numpy(compile_cases(propose, [case], tmp_path), [case])


def test_refuses_accumulators_beyond_32_bits() -> None:
    case = conv((2, 2, 4), (3, 1, 1, 4))
    bias = replace(case.graph.tensors[BIAS], data=np.array([0, 2**31 - 1, 0], np.int32))
    found = refusal(propose, case.graph.with_tensors([bias]))
    assert found.rule == "Accumulators fit 32 bits for every input"


def test_refuses_what_the_kernel_does_not_compute() -> None:
    case = conv((2, 2, 4), (3, 1, 1, 4))
    graph = case.graph
    source, filters = graph.tensors[INPUT], graph.tensors[FILTER]
    broken = {
        "The output is int16": replace(source, dtype=DType.INT16),
        "The input is int8, int16 or float32": replace(source, dtype=DType.UINT8),
        "The weights are constant": replace(filters, data=None),
        "The weights are int8 or int4": replace(filters, dtype=DType.INT16),
        "The input is quantized per tensor": replace(source, quant=None),
        "The bias is constant": replace(graph.tensors[BIAS], data=None),
        "The bias is int32": replace(graph.tensors[BIAS], dtype=DType.INT64),
        "CONV_2D computes one image at a time": replace(source, shape=(2, 2, 2, 4)),
        "Input and output channels divide into the groups of CONV_2D": replace(source, shape=(1, 2, 2, 6)),
    }
    for rule, tensor in broken.items():
        assert refusal(propose, graph.with_tensors([tensor])).rule == rule


def test_cost_follows_the_work() -> None:
    small, large = (candidate(propose, conv((n, n, 8), (8, 3, 3, 8)).graph).cost for n in (6, 12))
    products = 10 * 10 * 8 * 9 * 8
    assert 2 * products < large.instructions < 4 * products
    assert large.instructions > 5 * small.instructions
    assert large.cycles > large.instructions
    assert small.flash == large.flash
