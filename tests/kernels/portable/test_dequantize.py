import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal


def dequantize(shape, scale, zero):
    return OpCase("DEQUANTIZE", (tensor(shape, scale, zero),), tensor(shape, dtype=DType.FLOAT32))


@pytest.mark.oracle
def test_every_value_equals_tflm(tmp_path):
    scales = np.exp(np.random.default_rng(1).uniform(np.log(1e-7), np.log(1e3), 40))
    cases = [dequantize((256,), float(scale), zero) for scale in scales for zero in (-128, 0, 127, 9)]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: np.arange(-128, 128, dtype=np.int8)}] * len(cases)])
    assert library.instances == 1


def test_overlap_is_exact_at_every_distance(tmp_path):
    cases = [dequantize((5,), 0.5, 0), dequantize((1,), 0.5, 0)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    assert [sweep_overlaps(library, index, case) for index, case in enumerate(cases)] == [8, 4]
    assert 0 in cases[0].candidate().overlaps[0].allowed


def test_refuses_other_types():
    case = OpCase("DEQUANTIZE", (tensor((2,), 0.1, dtype=DType.INT16),), tensor((2,), dtype=DType.FLOAT32))
    refusal = case.proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 to float32"
