import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.broadcasts import (
    BROADCASTS,
    NONE,
    RELU,
    RELU6,
    RELU_N1_TO_1,
    ZERO_POINTS,
    binary,
    broadcast_pairs,
)
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import ConstantKind, Refusal

SCALES = [
    (0.1, 0.1, 0.1),
    (0.02, 0.3, 0.11),
    (0.3, 0.02, 0.25),
    (1.0, 1e-7, 0.9),
    (1.0, 1e-12, 0.9),
    (0.5, 0.25, 100.0),
    (0.5, 0.25, 0.004),
    (0.1, 0.07, 1e-6),
    (1.0, 0.7, 2.5e-6),
]


def add(shape1, shape2, scales=SCALES[1], zeros=ZERO_POINTS[3], activation=NONE):
    output = np.broadcast_shapes(shape1, shape2)
    return OpCase(
        "ADD",
        (tensor(shape1, scales[0], zeros[0]), tensor(shape2, scales[1], zeros[1])),
        tensor(output, scales[2], zeros[2]),
        {"fused_activation_function": activation},
    )


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [add(*shapes) for shapes in BROADCASTS]
    cases += [add((1, 5, 7), (1, 5, 7), scales, zeros) for scales in SCALES for zeros in ZERO_POINTS]
    cases += [add((9, 9), (9, 1), activation=activation) for activation in (RELU, RELU_N1_TO_1, RELU6)]
    library = check_against_tflm(cases, tmp_path, samples=4)
    assert library.instances <= 14


@pytest.mark.oracle
def test_every_pair_of_values(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    cases = [add(first.shape, first.shape, scales, zeros) for scales in SCALES for zeros in ZERO_POINTS[1:3]]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    values = np.random.default_rng(5).integers(-128, 128, (4, 5))
    cases = []
    for scales in [(0.1, 0.02, 0.1), (0.02, 0.1, 0.1)]:
        fixed = constant(values, DType.INT8, scales[1], 3)
        moving = tensor((1, 4, 5), scales[0], -4)
        result = tensor((1, 4, 5), scales[2], 9)
        options = {"fused_activation_function": NONE}
        cases += [OpCase("ADD", inputs, result, options) for inputs in [(moving, fixed), (fixed, moving)]]
    check_against_tflm(cases, tmp_path)
    for case in cases:
        candidate = case.candidate()
        (stored,) = candidate.constants
        assert stored.kind is ConstantKind.WEIGHTS
        assert np.array_equal(stored.pack(), values.ravel().astype(np.int8))
        assert len(candidate.operands) == 2
        assert len(candidate.overlaps) == 1


@pytest.mark.oracle
def test_one_tensor_twice(tmp_path):
    operand = tensor((3, 5), 0.1, 4)
    case = OpCase("ADD", (operand, operand), tensor((3, 5), 0.3, -2), {"fused_activation_function": NONE})
    library = check_against_tflm([case], tmp_path)
    assert len(case.candidate().operands) == 2
    assert sweep_overlaps(library, 0, case) == 15


@pytest.mark.oracle
@given(st.lists(broadcast_pairs(), min_size=20, max_size=20), st.integers(0, 100))
@settings(max_examples=3, deadline=None)
def test_random_broadcasts(tmp_path_factory, pairs, seed):
    cases = [add(*pair) for pair in pairs]
    check_against_tflm(cases, tmp_path_factory.mktemp("add"), samples=1, seed=seed)


WIDE_SCALES = [
    (0.1, 0.1, 0.1),
    (0.02, 0.3, 0.11),
    (0.3, 0.02, 0.25),
    (1.0, 1e-7, 0.9),
    (1.0, 1e-12, 0.9),
    (0.5, 0.25, 100.0),
    (0.5, 0.25, 4e-5),
    (1.0, 0.99999994, 6.2e-5),
    (3.6e-43, 0.1, 0.2),
]
"""The last: a large output, the smallest that TFLM takes, inputs that differ in the last bit, a tiny one."""


def subtract(shapes, scales=SCALES[1], zeros=ZERO_POINTS[3], activation=NONE):
    return binary("SUB", shapes, DType.INT8, scales, zeros, options={"fused_activation_function": activation})


def wide(kind, shapes, scales=WIDE_SCALES[1], activation=NONE):
    return binary(kind, shapes, DType.INT16, scales, options={"fused_activation_function": activation})


@pytest.mark.oracle
def test_sub_equals_tflm(tmp_path):
    cases = [subtract(shapes) for shapes in BROADCASTS]
    cases += [subtract(((1, 5, 7), (1, 5, 7)), scales, zeros) for scales in SCALES for zeros in ZERO_POINTS]
    cases += [subtract(((9, 9), (9, 1)), activation=activation) for activation in (RELU, RELU_N1_TO_1, RELU6)]
    check_against_tflm(cases, tmp_path, samples=3)


@pytest.mark.oracle
def test_sub_of_every_pair_of_values(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    cases = [subtract((first.shape, first.shape), scales, ZERO_POINTS[1]) for scales in SCALES]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_int16_equals_tflm(kind, tmp_path):
    edges = np.array([-32768, -32767, -16384, -1, 0, 1, 16383, 32766, 32767], np.int16)
    first, second = np.meshgrid(edges, edges)
    shapes = (first.shape, first.shape)
    cases = [wide(kind, shapes, scales) for scales in WIDE_SCALES]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])
    cases += [wide(kind, pair) for pair in BROADCASTS]
    cases += [wide(kind, shapes, activation=activation) for activation in (RELU, RELU_N1_TO_1, RELU6)]
    check_against_tflm(cases, tmp_path, samples=4)


def test_int16_overlaps_are_exact_at_every_distance(tmp_path):
    pairs = [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]
    cases = [wide(kind, pair, (0.1, 0.1, 0.1)) for kind in ("ADD", "SUB") for pair in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_overlaps_are_exact_at_every_distance(tmp_path):
    scales = (0.1, 0.08, 0.12)
    pairs = [
        ((7,), (7,)),
        ((2, 3, 2), (2,)),
        ((2, 3, 2), (2, 3, 1)),
        ((3, 1, 2), (1, 4, 1)),
        ((6,), (1,)),
    ]
    cases = [add(*pair, scales, (0, 0, 0)) for pair in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_the_same_shape_can_be_added_in_place_over_either_operand():
    first, second = add((1, 4, 4, 2), (1, 4, 4, 2)).candidate().overlaps
    assert {first.input, second.input} == {0, 1}
    assert 0 in first.allowed
    assert 0 in second.allowed
    assert 1 not in first.allowed


def test_adds_without_broadcasting_share_one_instance(tmp_path):
    cases = [add(shape, shape, scales) for shape in [(4,), (2, 8), (1, 3, 3, 2)] for scales in SCALES[1:4]]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


def test_refuses_what_is_not_int8():
    case = add((2,), (2,))
    floats = OpCase(
        "ADD", tuple(tensor((2,), dtype=DType.FLOAT32) for _ in range(2)), case.output, case.options
    )
    refusal = floats.proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "float32 and float32 to int8"
