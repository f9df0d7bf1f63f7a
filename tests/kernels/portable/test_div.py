from dataclasses import replace

import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, RELU, RELU6, RELU_N1_TO_1, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import check_against_tflm, compare, constant, sweep_overlaps
from tinygen.ir import DType
from tinygen.ops.check import check
from tinygen.ops.registry import operators

S8 = DType.INT8
SCALES = [(0.05, 0.02, 0.02), (1.0, 0.125, 0.125), (0.3, 0.1, 1e-4), (1.0, 1.0, 2.0**-22), (0.01, 1e-3, 0.03)]
"""Factors from 64, the least that any divisor may have, to 2**22."""


def div(shapes=((16, 16), (16, 16)), scales=SCALES[0], zeros=(3, -5, 7), activation=0):
    return binary("DIV", shapes, S8, scales, zeros, options={"fused_activation_function": activation})


def keeps_the_rules(case):
    graph = case.graph
    return not check(operators()[case.kind], graph, graph.ops[0])


@pytest.mark.oracle
def test_every_pair_of_values_equals_tflm(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    zeros = [(0, 0, 0), (-128, -128, -128), (127, 127, 127), (13, -7, 5)]
    cases = [div((first.shape, first.shape), scales, zero) for scales in SCALES for zero in zeros]
    cases += [div((first.shape, first.shape), activation=code) for code in (RELU, RELU_N1_TO_1, RELU6)]
    cases = [case for case in cases if keeps_the_rules(case)]
    assert len(cases) > 15
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    values = []
    for case in cases:
        zero = case.inputs[1].quant.zero_point
        values.append({0: first, 1: np.where(second == zero, zero ^ 1, second).astype(np.int8)})
    compare(library, cases, [values])


@pytest.mark.oracle
def test_constant_divisors(tmp_path):
    """A smaller factor will do where the divisor is known."""
    rng = np.random.default_rng(0)
    cases = []
    for shapes in BROADCASTS:
        values = rng.integers(1, 4, shapes[1]) * rng.choice([-1, 1], shapes[1])
        case = div(shapes, (0.1, 0.05, 0.5), (4, 0, 2))
        cases.append(replace(case, inputs=(case.inputs[0], constant(values, S8, 0.05))))
    assert all(map(keeps_the_rules, cases))
    check_against_tflm(cases, tmp_path, samples=3)


def test_a_zero_divisor_counts_as_one_step(tmp_path):
    case = div(((4,), (4,)), SCALES[0], (0, 5, 0))
    library = KernelLibrary([case.kernel_case()], tmp_path)
    dividends = np.array([-100, -1, 1, 100], np.int8)
    found, expected = (
        library.run(0, {0: dividends, 1: np.full(4, divisor, np.int8)})[2] for divisor in (5, 6)
    )
    assert found.tolist() == expected.tolist() == [-128, -125, 125, 127]


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [div(pair) for pair in [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=150) > 0
