import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, NONE, RELU, RELU6, RELU_N1_TO_1, ZERO_POINTS, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

SCALES = [
    (0.1, 0.1, 0.1),
    (0.02, 0.3, 0.11),
    (2.0, 0.5, 0.9),
    (3.0, 3.0, 2.0),
    (1e-3, 1e-3, 1.0),
    (1.0, 1.0, 1.0),
]


def mul(shape1, shape2, scales=SCALES[1], zeros=ZERO_POINTS[3], activation=NONE):
    output = np.broadcast_shapes(shape1, shape2)
    return OpCase(
        "MUL",
        (tensor(shape1, scales[0], zeros[0]), tensor(shape2, scales[1], zeros[1])),
        tensor(output, scales[2], zeros[2]),
        {"fused_activation_function": activation},
    )


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [mul(*shapes) for shapes in BROADCASTS]
    cases += [mul((1, 5, 7), (1, 5, 7), scales, zeros) for scales in SCALES for zeros in ZERO_POINTS]
    cases += [mul((9, 9), (9, 1), activation=activation) for activation in (RELU, RELU_N1_TO_1, RELU6)]
    check_against_tflm(cases, tmp_path, samples=4)


@pytest.mark.oracle
def test_every_pair_of_values(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    cases = [mul(first.shape, first.shape, scales, zeros) for scales in SCALES for zeros in ZERO_POINTS[1:3]]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    fixed = constant(np.arange(-10, 10).reshape(4, 5), DType.INT8, 0.02, 3)
    moving = tensor((2, 4, 5), 0.1, -4)
    options = {"fused_activation_function": NONE}
    cases = [
        OpCase("MUL", inputs, tensor((2, 4, 5), 0.1, 9), options)
        for inputs in [(moving, fixed), (fixed, moving)]
    ]
    check_against_tflm(cases, tmp_path)


def wide(shapes, scales=(0.02, 0.3, 0.11), activation=NONE):
    return binary("MUL", shapes, DType.INT16, scales, options={"fused_activation_function": activation})


@pytest.mark.oracle
def test_int16_equals_tflm(tmp_path):
    edges = np.array([-32768, -32767, -16384, -1, 0, 1, 16383, 32766, 32767], np.int16)
    first, second = np.meshgrid(edges, edges)
    shapes = (first.shape, first.shape)
    scales = [
        *SCALES,
        (1 / 32768, 1 / 32768, 1 / 32768),
        (1e-4, 2e-4, 1e-3),
        (3e-5, 3e-5, 1e-9),
        (0.1, 0.0, 3.6e-43),
    ]
    cases = [wide(shapes, item) for item in scales]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])
    cases += [wide(pair) for pair in BROADCASTS]
    cases += [wide(shapes, activation=activation) for activation in (RELU, RELU_N1_TO_1, RELU6)]
    check_against_tflm(cases, tmp_path, samples=4)


def test_int16_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [wide(pair, (1e-4, 1e-4, 1e-3)) for pair in [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=80) > 0


def test_overlaps_are_exact_at_every_distance(tmp_path):
    scales = (0.1, 0.1, 1.0)
    cases = [mul(*pair, scales, (0, 0, 0)) for pair in [((7,), (7,)), ((2, 3, 2), (2,)), ((3, 2), (3, 1))]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=150) > 0


def test_refuses_what_is_not_int8():
    case = mul((2,), (2,))
    inputs = tuple(tensor((2,), dtype=DType.INT16, scale=1.0) for _ in range(2))
    refusal = OpCase("MUL", inputs, case.output, case.options).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 and int16 to int8"
