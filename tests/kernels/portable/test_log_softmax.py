import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

pytestmark = pytest.mark.oracle


def log_softmax(shape, scale, zero_point=0, dtype=DType.INT8):
    output = tensor(shape, 1 / 16, 127) if dtype is DType.INT8 else tensor(shape, dtype=dtype)
    return OpCase("LOG_SOFTMAX", (tensor(shape, scale, zero_point, dtype),), output)


SHAPES = [(1,), (1, 1), (1, 2), (7, 10), (1, 3, 3, 5), (2, 511)]
SCALES = [2.0**-25 * 1.01, 0.00001, 0.0039, 1 / 16, 0.125, 0.7, 3.0, 100.0]


def test_int8_equals_tflm(tmp_path):
    cases = [log_softmax(shape, scale) for shape in SHAPES for scale in SCALES]
    cases += [log_softmax((1, depth), scale, -17) for depth in (2048, 4095) for scale in (0.001, 0.3)]
    library = check_against_tflm(cases, tmp_path, samples=3)
    assert library.instances == 1


def test_every_difference_at_many_scales(tmp_path):
    """All 256 differences to the maximum against one element: the logarithm's argument goes from 1 to 2."""
    scales = np.exp(np.linspace(np.log(1e-4), np.log(5.0), 50))
    cases = [log_softmax((256, 2), float(scale)) for scale in scales]
    pairs = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    compare(check_against_tflm(cases, tmp_path, samples=1), cases, [[{0: pairs}] * len(cases)])


def test_rows_of_equal_elements(tmp_path):
    """Sums at and beside powers of two, up to the largest."""
    depths = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 64, 100, 255, 1024, 4095)
    cases = [log_softmax((1, depth), 0.1) for depth in depths]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: np.full(case.output.shape, 5, np.int8)} for case in cases]])


def test_reals(tmp_path):
    """On the host both use the same C library: the same bits."""
    cases = [log_softmax(shape, None, dtype=DType.FLOAT32) for shape in SHAPES]
    rng = np.random.default_rng(2)
    inputs = [{0: rng.normal(0, 4, case.output.shape).astype(np.float32)} for case in cases]
    compare(KernelLibrary([case.kernel_case() for case in cases], tmp_path), cases, [inputs])


def test_in_place_is_all_that_is_needed(tmp_path):
    cases = [log_softmax((3, 4), 0.02), log_softmax((2, 3), None, dtype=DType.FLOAT32)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert 0 in case.candidate().overlaps[0].allowed
        assert sweep_overlaps(library, index, case, exact=index == 0) >= case.output.elements


def test_refuses_other_types():
    refusal = log_softmax((1, 4), 0.1, dtype=DType.INT16).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 to int16"
