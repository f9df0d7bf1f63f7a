import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

ZEROS = {
    DType.INT8: (-128, 0, 127, 9),
    DType.UINT8: (0, 128, 255, 9),
    DType.INT16: (-32768, 0, 32767, 9),
}


def dequantize(shape, scale, zero, dtype=DType.INT8):
    return OpCase("DEQUANTIZE", (tensor(shape, scale, zero, dtype),), tensor(shape, dtype=DType.FLOAT32))


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ZEROS)
def test_every_value_equals_tflm(dtype, tmp_path):
    count = 8 if dtype is DType.INT16 else 40
    scales = np.exp(np.random.default_rng(1).uniform(np.log(1e-7), np.log(1e3), count))
    limits = np.iinfo(dtype.numpy)
    values = np.arange(limits.min, limits.max + 1).astype(dtype.numpy)
    cases = [dequantize(values.shape, float(scale), zero, dtype) for scale in scales for zero in ZEROS[dtype]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: values}] * len(cases)])
    assert library.instances == 1


def test_overlap_is_exact_at_every_distance(tmp_path):
    cases = [dequantize((5,), 0.5, 0), dequantize((1,), 0.5, 0)]
    cases += [dequantize((3,), 0.5, 0, dtype) for dtype in ZEROS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    found = [sweep_overlaps(library, index, case) for index, case in enumerate(cases)]
    assert found[:2] == [8, 4]
    assert all(0 in case.candidate().overlaps[0].allowed for case in cases)


def test_refuses_other_types():
    refusal = dequantize((2,), 0.1, 0, DType.INT32).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int32 to float32"
