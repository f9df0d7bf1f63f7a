import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

pytestmark = pytest.mark.oracle

SLOPES = {DType.INT8: DType.INT8, DType.INT16: DType.INT8, DType.FLOAT32: DType.FLOAT32}
SCALES = [(0.1, 0.01, 0.1), (0.02, 0.3, 0.11), (2.0, 0.5, 0.9), (1e-3, 1e-3, 1.0)]
ZEROS = [(0, 0, 0), (-128, 127, 5), (127, -128, -128), (13, -7, 127)]
SHAPES = [
    ((), ()),
    ((5,), ()),
    ((5,), (5,)),
    ((1, 3, 4, 5), (5,)),
    ((1, 3, 4, 5), (1, 1, 5)),
    ((2, 3, 4, 5), (3, 1, 5)),
    ((2, 3, 4, 5), (2, 3, 4, 1)),
    ((2, 3, 4, 5), (2, 3, 4, 5)),
]


def prelu(shapes, dtype=DType.INT8, scales=SCALES[0], zeros=ZEROS[0]):
    scales = (None, None, None) if dtype is DType.FLOAT32 else scales
    source = tensor(shapes[0], scales[0], zeros[0], dtype)
    alpha = tensor(shapes[1], scales[1], zeros[1], SLOPES[dtype])
    return OpCase("PRELU", (source, alpha), tensor(shapes[0], scales[2], zeros[2], dtype))


@pytest.mark.parametrize("dtype", SLOPES)
def test_shapes(dtype, tmp_path):
    check_against_tflm([prelu(shapes, dtype) for shapes in SHAPES], tmp_path)


def test_every_pair_of_int8_values(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    shapes = (first.shape, second.shape)
    cases = [prelu(shapes, DType.INT8, scales, zeros) for scales in SCALES for zeros in ZEROS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])
    assert library.instances == 1


def test_int16(tmp_path):
    shapes = ((40, 500), (40, 500))
    scales = [(scale[0] / 100, *scale[1:]) for scale in SCALES]
    zeros = [*ZEROS[:2], (-32768, 5, 32767)]
    cases = [prelu(shapes, DType.INT16, scale, zero) for scale in scales for zero in zeros]
    check_against_tflm(cases, tmp_path, samples=3)


def test_constant_slopes(tmp_path):
    alpha = constant(np.arange(-10, 10).reshape(4, 5), DType.INT8, 0.02, 3)
    source = tensor((2, 4, 5), 0.1, -4)
    check_against_tflm([OpCase("PRELU", (source, alpha), tensor((2, 4, 5), 0.1, 9))], tmp_path)


@pytest.mark.parametrize("dtype", SLOPES)
def test_overlaps_hold_at_every_distance(dtype, tmp_path):
    """Exact with respect to the input; a slope matters only below zero."""
    cases = [prelu(shapes, dtype) for shapes in [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, exact=False) > 0


def test_refuses_other_types():
    case = prelu(((2,), (2,)), DType.INT16)
    refusal = OpCase("PRELU", (case.inputs[0], tensor((2,), 0.1, dtype=DType.INT16)), case.output).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 and int16 to int16"
