import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, ZERO_POINTS, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import check_against_tflm, compare, sweep_overlaps
from tinygen.ir import DType

SCALES = [(0.1, 0.1, 0.1), (0.02, 0.3, 0.11), (0.3, 0.02, 25.0), (1.0, 1e-12, 0.9), (0.01, 0.01, 1e-6)]


def squared(shapes, dtype=DType.INT8, scales=SCALES[1], zeros=(0, 0, 0)):
    return binary("SQUARED_DIFFERENCE", shapes, dtype, scales, zeros)


@pytest.mark.oracle
def test_every_pair_of_int8_values_equals_tflm(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    shapes = (first.shape, first.shape)
    cases = [squared(shapes, DType.INT8, scales, zeros) for scales in SCALES for zeros in ZERO_POINTS[1:]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_int16_equals_tflm(tmp_path):
    edges = np.array([-32768, -32767, -16384, -3, -1, 0, 1, 2, 16383, 32766, 32767], np.int16)
    first, second = np.meshgrid(edges, edges)
    scales = [*SCALES, (1e-3, 1e-3, 3.0), (2e-4, 1e-4, 1e-3)]
    cases = [squared((first.shape, first.shape), DType.INT16, item) for item in scales]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_broadcasts_equal_tflm(tmp_path):
    dtypes = (DType.INT8, DType.INT16)
    cases = [squared(shapes, dtype, (1e-3, 2e-3, 0.02)) for shapes in BROADCASTS for dtype in dtypes]
    check_against_tflm(cases, tmp_path)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        squared(pair, dtype, scales)
        for dtype, scales in ((DType.INT8, (0.1, 0.1, 5.0)), (DType.INT16, (1e-3, 1e-3, 0.3)))
        for pair in [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=80) > 0
