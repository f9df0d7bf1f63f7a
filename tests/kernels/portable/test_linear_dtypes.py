"""Convolutions and FULLY_CONNECTED beyond int8: against numpy and TFLM, and at their overlaps' boundaries."""

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
    FLOAT32,
    INPUT,
    INT4,
    INT16,
    INT16_BIAS32,
    OUTPUT,
    LinearCase,
    Types,
    assert_equals_numpy,
    assert_equals_tflm,
    assert_overlaps,
    candidate,
    compile_cases,
    refusal,
)
from tinygen.ir import DType, Graph
from tinygen.kernels.interface import Family, Proposal, Region
from tinygen.kernels.portable import PORTABLE
from tinygen.ops.geometry import Activation, Padding
from tinygen.target import Target

ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
ALL_TYPES = (INT4, INT16, INT16_BIAS32, FLOAT32)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """Of the op's own family."""
    family: Family = PORTABLE.families[region[0].kind]
    return family(region, graph, target)


def conv(input_hwc: tuple[int, int, int], filters: tuple[int, ...], **details: Any) -> LinearCase:
    return LinearCase("CONV_2D", (1, *input_hwc), filters, **details)


def depthwise(
    input_hwc: tuple[int, int, int], filter_hw: tuple[int, int], multiplier: int = 1, **details: Any
) -> LinearCase:
    return LinearCase(
        "DEPTHWISE_CONV_2D", (1, *input_hwc), (1, *filter_hw, input_hwc[2] * multiplier), **details
    )


def fully_connected(rows: int, units: int, depth: int, **details: Any) -> LinearCase:
    return LinearCase("FULLY_CONNECTED", (rows, depth), (units, depth), **details)


SHAPES = [
    conv((7, 6, 3), (5, 3, 3, 3)),
    conv((9, 8, 5), (4, 3, 2, 5), stride=(2, 1)),
    conv((6, 9, 4), (9, 1, 1, 4)),
    conv((8, 7, 6), (6, 3, 3, 3)),
    conv((8, 7, 3), (7, 3, 3, 3), dilation=(1, 2)),
    conv((5, 5, 16), (3, 2, 3, 16), stride=(2, 2)),
    depthwise((7, 11, 3), (3, 3)),
    depthwise((10, 13, 1), (10, 8), 4, stride=(2, 2)),
    depthwise((8, 9, 3), (2, 4), 2, dilation=(2, 1)),
    depthwise((9, 14, 2), (3, 9), stride=(1, 3)),
]


def _matrix(types: Types) -> list[LinearCase]:
    """Shapes with the other options taking turns."""
    windows = [
        replace(
            case,
            padding=(Padding.SAME, Padding.VALID)[(number + ALL_TYPES.index(types)) % 2],
            per_channel=bool(number % 3),
            bias=bool(number % 5),
        )
        for number, case in enumerate(SHAPES)
        if types is not INT16_BIAS32 or case.kind == "CONV_2D"
    ]
    products = [
        fully_connected(rows, units, depth, per_channel=types is not INT4 and bool(units % 2), bias=rows < 3)
        for rows, units, depth in [(1, 4, 16), (2, 9, 7), (3, 5, 33), (1, 2, 3)]
    ]
    return [
        replace(
            case,
            types=types,
            activation=ACTIVATIONS[number % 4],
            zero_points=(-17, 5),
            per_channel=case.per_channel and types is not FLOAT32,
            seed=number,
        )
        for number, case in enumerate([*windows, *products])
    ]


GAINS = [
    replace(case, types=types, gain=gain)
    for case, types, gain in product(
        (conv((4, 4, 3), (5, 3, 3, 3)), depthwise((4, 6, 3), (3, 3)), fully_connected(2, 6, 12)),
        (INT16, INT16_BIAS32),
        (700.0, 1e4, 1e-7),
    )
    if types is INT16 or case.kind != "DEPTHWISE_CONV_2D"
]

WIDE = [
    replace(case, types=INT16, seed=n, **details)
    for n, (case, details) in enumerate(
        product(
            (conv((6, 7, 5), (6, 3, 3, 5)), depthwise((6, 7, 5), (3, 3), 2), fully_connected(2, 6, 12)),
            ({"large_bias": 4000, "gain": 5e-4}, {"large_bias": 10**7, "gain": 2e-7}),
        )
    )
] + [replace(conv((2, 3, 170), (5, 2, 3, 170)), types=INT16), fully_connected(1, 5, 1500, types=INT16)]

CASES = [case for types in ALL_TYPES for case in _matrix(types)] + GAINS + WIDE


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> KernelLibrary:
    return compile_cases(propose, CASES, tmp_path_factory.mktemp("kernels"))


def test_equals_numpy(compiled: KernelLibrary) -> None:
    assert_equals_numpy(compiled, CASES)


@pytest.mark.oracle
def test_equals_tflm(compiled: KernelLibrary) -> None:
    assert_equals_tflm(compiled, CASES)


def functions(cases: list[LinearCase]) -> list[str]:
    """C templates that cases call."""
    calls = [candidate(propose, case.graph).call for case in cases]
    return [call.function for call in calls if call is not None]


def test_accumulators_have_32_bits_where_that_is_proved() -> None:
    assert all(name.endswith("_s16_wide") for name in functions(WIDE))
    assert all(name.endswith("_s16") for name in functions(_matrix(INT16)))
    edge = fully_connected(1, 1, 516, types=INT16, bias=False)
    edge.weights[:] = 127
    assert functions([edge]) == ["tg_fully_connected_s16"]
    edge.weights[0, :4] = -128
    assert functions([edge]) == ["tg_fully_connected_s16_wide"]


def test_wide_sums_reach_beyond_32_bits(tmp_path: Path) -> None:
    """All inputs and weights at their ends: 1500 * 32768 * 127 is more than 2**32."""
    case = fully_connected(1, 5, 1500, types=INT16, gain=0.05)
    case.weights[:] = np.array([[127], [-127], [126], [1], [100]], np.int8)
    library = compile_cases(propose, [case], tmp_path)
    for value in (-32768, 32767):
        sample = np.full(case.input, value, np.int16)
        found = library.run(0, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, case.reference(sample))
        assert not np.isin(found, (-32768, 32767)).all()


def test_weights_of_four_bits_take_half_a_byte() -> None:
    packed = {
        case.kind: next(item.pack() for item in candidate(propose, case.graph).constants)
        for case in (conv((6, 6, 3), (9, 3, 3, 3), types=INT4), depthwise((6, 6, 3), (3, 3), types=INT4))
    }
    # The ninth filter's 27 weights are padded to bytes of their own.
    assert packed["CONV_2D"].nbytes == (8 * 27) // 2 + 14
    assert packed["DEPTHWISE_CONV_2D"].nbytes == 14


OVERLAPPING = [
    conv((5, 6, 8), (8, 1, 1, 8)),
    conv((3, 5, 6), (5, 1, 1, 6)),
    conv((6, 7, 3), (4, 3, 3, 3), padding=Padding.SAME),
    conv((6, 7, 3), (5, 3, 3, 3), padding=Padding.SAME, stride=(2, 2)),
    conv((5, 6, 8), (8, 2, 2, 4), padding=Padding.SAME),
    depthwise((5, 9, 3), (3, 3), padding=Padding.SAME),
    depthwise((7, 9, 4), (3, 3), stride=(2, 2)),
]


@pytest.mark.parametrize("types", [INT4, INT16, FLOAT32], ids=["int4", "int16", "float"])
def test_overlaps_hold_at_their_boundaries_and_no_further(types: Types, tmp_path: Path) -> None:
    cases = [
        replace(case, zero_points=(3, -4), seed=n, types=types, per_channel=False)
        for n, case in enumerate(OVERLAPPING)
    ]
    for case in cases:
        case.weights[case.weights == 0] = 1  # a weight of 0 hides what it reads
    assert_overlaps(compile_cases(propose, cases, tmp_path), cases)


@pytest.mark.parametrize("types", [INT4, INT16, FLOAT32], ids=["int4", "int16", "float"])
def test_pitches(types: Types, tmp_path: Path) -> None:
    cases = [
        replace(case, types=types, per_channel=False)
        for case in (conv((5, 6, 8), (7, 1, 1, 8)), depthwise((6, 7, 3), (3, 3)))
    ]
    assert_equals_numpy(compile_cases(propose, cases, tmp_path, {INPUT: 11, OUTPUT: 9}), cases)


def test_float_keeps_infinities_out_and_nan_in(tmp_path: Path) -> None:
    case = conv((2, 2, 1), (4, 1, 1, 1), types=FLOAT32, bias=False)
    sample = np.array([np.inf, -np.inf, np.nan, 1], np.float32).reshape(case.input)
    with np.errstate(invalid="ignore"):
        found = compile_cases(propose, [case], tmp_path).run(0, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, case.reference(sample))
    assert np.abs(found[0, 0]).min() == np.finfo(np.float32).max
    assert np.isnan(found[0, 1, 0]).all()


def test_refuses_what_the_kernels_do_not_compute() -> None:
    graph = conv((2, 2, 4), (3, 1, 1, 4), types=INT16).graph
    source, filters, bias = (graph.tensors[key] for key in (INPUT, FILTER, BIAS))
    assert source.quant is not None
    broken = {
        "The output is int8": [replace(source, dtype=DType.INT8)],
        "The input is int8, int16 or float32": [replace(source, dtype=DType.INT32)],
        "The input's zero point is 0": [replace(source, quant=replace(source.quant, zero_points=(3,)))],
        "The weights are int8": [replace(filters, dtype=DType.INT4)],
        "The bias is int64 or int32": [replace(bias, dtype=DType.INT16)],
        "Accumulators fit 48 bits for every input": [replace(bias, data=np.full(3, 2**47))],
        "Outputs are scaled by less than 2**7": [replace(source, quant=replace(source.quant, scales=(1e3,)))],
    }
    for rule, tensors in broken.items():
        assert refusal(propose, graph.with_tensors(tensors)).rule == rule


def test_refuses_sums_of_int16_that_a_bias_of_int32_keeps_in_32_bits() -> None:
    case = fully_connected(1, 1, 520, types=INT16_BIAS32)
    case.weights[:] = 127
    assert refusal(propose, case.graph).rule == "Accumulators fit 32 bits for every input"


def test_refuses_weights_that_are_not_finite() -> None:
    case = conv((2, 2, 4), (3, 1, 1, 4), types=FLOAT32)
    case.weights[0, 0, 0, 0] = np.inf
    assert refusal(propose, case.graph).rule == "Weights are finite"
