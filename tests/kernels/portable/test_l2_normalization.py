import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

pytestmark = pytest.mark.oracle


def l2(shape, zero_point=0, dtype=DType.INT8):
    scales = (0.1, 1 / 128) if dtype is DType.INT8 else (None, None)
    source = tensor(shape, scales[0], zero_point, dtype)
    return OpCase("L2_NORMALIZATION", (source,), tensor(shape, scales[1], 0, dtype), {})


SHAPES = [(1,), (256,), (1, 2), (7, 10), (1, 3, 3, 5), (4, 511), (1, 32768)]


def test_int8_equals_tflm(tmp_path):
    cases = [l2(shape, zero) for shape in SHAPES for zero in (0, -128, 127, 5)]
    library = check_against_tflm(cases, tmp_path, samples=3)
    assert library.instances == 1


def test_short_rows_of_every_length(tmp_path):
    """Sums of squares from 0 to 2 * 128**2, small ones among them, and the largest of a long row."""
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    cases = [l2((256, 256, 2)), l2((1, 32768), 127)]
    inputs = [{0: np.stack([first, second], axis=2)}, {0: np.full((1, 32768), -128, np.int8)}]
    compare(KernelLibrary([case.kernel_case() for case in cases], tmp_path), cases, [inputs])


def test_reals_equal_tflm(tmp_path):
    cases = [l2(shape, dtype=DType.FLOAT32) for shape in SHAPES[:-1]]
    rng = np.random.default_rng(3)
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for size in (1.0, 1e-7, 0.0):
        inputs = [{0: rng.normal(0, size, case.output.shape).astype(np.float32)} for case in cases]
        compare(library, cases, [inputs])


def test_in_place_is_all_that_is_needed(tmp_path):
    cases = [l2((3, 4)), l2((2, 3), dtype=DType.FLOAT32)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert 0 in case.candidate().overlaps[0].allowed
        assert sweep_overlaps(library, index, case, exact=index == 0) >= case.output.elements


def test_refuses_other_types():
    source = tensor((1, 4), 0.1, dtype=DType.INT16)
    refusal = OpCase("L2_NORMALIZATION", (source,), source, {}).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 to int16"
