"""FULLY_CONNECTED, portable: against numpy and TFLM, whose per-tensor scales multiply in float32."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary, check_overlaps
from tests.support.linear_cases import (
    FILTER,
    INPUT,
    OUTPUT,
    LinearCase,
    assert_equals_numpy,
    assert_equals_tflm,
    candidate,
    compile_cases,
    refusal,
)
from tests.support.op_cases import OpCase, compare, constant
from tests.support.op_cases import tensor as operand
from tinygen.ir import DType, Quantization
from tinygen.kernels.intervals import apart
from tinygen.kernels.portable.fully_connected import propose
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops.geometry import Activation

ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
ZERO_POINTS = ((-5, 9), (-128, -128), (0, 0), (127, -60))


def fully_connected(input_shape: tuple[int, ...], units: int, depth: int, **details: Any) -> LinearCase:
    return LinearCase("FULLY_CONNECTED", input_shape, (units, depth), **details)


SHAPES = [
    ((1, 1), 1, 1),
    ((1, 7), 4, 7),
    ((1, 16), 10, 16),
    ((3, 9), 6, 9),
    ((1, 2, 3, 4), 5, 24),
    ((2, 2, 6), 3, 6),
    ((1, 130), 8, 130),
]

MATRIX = [
    fully_connected(
        shape,
        units,
        depth,
        activation=activation,
        per_channel=per_channel,
        bias=number % 5 != 0,
        zero_points=ZERO_POINTS[number % 4],
        seed=number,
    )
    for number, ((shape, units, depth), per_channel, activation) in enumerate(
        product(SHAPES, (False, True), ACTIVATIONS)
    )
]

GAINS = [
    fully_connected((2, 12), 6, 12, gain=gain, per_channel=per_channel, seed=3)
    for gain, per_channel in product((0.3, 1.7, 700.0, 4e5, 1e-7), (False, True))
]


def test_equals_numpy(tmp_path: Path) -> None:
    cases = [case for case in MATRIX if case.channels > 1]
    assert_equals_numpy(compile_cases(propose, cases, tmp_path), cases)


@pytest.mark.oracle
def test_equals_tflm(tmp_path: Path) -> None:
    cases = [*MATRIX, *GAINS]
    assert_equals_tflm(compile_cases(propose, cases, tmp_path), cases)


@pytest.mark.oracle
def test_per_tensor_scales_are_multiplied_in_double(tmp_path: Path) -> None:
    """A sum at which a product of scales rounded to float32 gives another output."""
    source, weights, result = (float(np.float32(value)) for value in (0.0037, 0.00131, 4.1))
    sums = np.arange(60_000_000, 62_000_000)
    rounded, exact = (
        multiply_by_quantized_multiplier(sums, *quantize_multiplier(product / result))
        for product in (float(np.float32(source * weights)), source * weights)
    )
    biases = sums[rounded != exact]
    ones = constant(np.ones((biases.size, 1)), DType.INT8, weights)
    bias = constant(biases, scale=source * weights)
    inputs = (operand((1, 1), source), ones, bias)
    case = OpCase("FULLY_CONNECTED", inputs, operand((1, biases.size), result), {})
    assert biases.size
    library = KernelLibrary([case.kernel_case()], tmp_path)
    compare(library, [case], [[{0: np.zeros((1, 1), np.int8)}]])


def test_output_lies_apart_from_the_input(tmp_path: Path) -> None:
    case = fully_connected((2, 9), 6, 9)
    compiled = compile_cases(propose, [case], tmp_path)
    (overlap,) = candidate(propose, case.graph).overlaps
    assert overlap.allowed == apart(18, 12)
    assert check_overlaps(compiled, 0, {INPUT: case.sample()}) == 2


def test_output_takes_any_pitch(tmp_path: Path) -> None:
    case = fully_connected((3, 9), 6, 9)
    assert_equals_numpy(compile_cases(propose, [case], tmp_path, {OUTPUT: 8}), [case])


def test_layers_share_instances(tmp_path: Path) -> None:
    cases = [fully_connected((1, depth), 5, depth) for depth in (4, 9, 17)]
    assert compile_cases(propose, cases, tmp_path).instances == 1


def test_refuses_what_the_kernel_does_not_compute() -> None:
    graph = fully_connected((2, 6), 4, 6).graph
    weights = graph.tensors[FILTER]
    assert weights.quant is not None
    skewed = replace(weights, quant=Quantization(weights.quant.scales, (0, 0, 3, 0)))
    broken = {
        "The weights are symmetric": skewed,
        "Scales of the weights run along axis 0": replace(weights, quant=replace(weights.quant, axis=1)),
        "The input of FULLY_CONNECTED divides into rows": replace(graph.tensors[INPUT], shape=(2, 7)),
        "The output of FULLY_CONNECTED is [rows, units]": replace(graph.tensors[OUTPUT], shape=(2, 3)),
        "The bias has one value per output channel": replace(
            graph.tensors[2], shape=(3,), data=np.zeros(3, np.int32)
        ),
    }
    for rule, tensor in broken.items():
        assert refusal(propose, graph.with_tensors([tensor])).rule == rule


def test_refuses_sums_beyond_32_bits() -> None:
    depth = 70_000
    case = fully_connected((1, depth), 1, depth, zero_points=(127, 0))
    weights = replace(case.graph.tensors[FILTER], data=np.full((1, depth), -127, np.int8))
    found = refusal(propose, case.graph.with_tensors([weights]))
    assert found.rule == "Accumulators fit 32 bits for every input"
