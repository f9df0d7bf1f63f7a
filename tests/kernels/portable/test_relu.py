import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal


def relu(kind, shape, scales, zeros):
    return OpCase(kind, (tensor(shape, scales[0], zeros[0]),), tensor(shape, scales[1], zeros[1]))


PAIRS = [(0.1, 0.1), (0.1, 0.05), (0.05, 0.1), (1.0, 1e-3), (1e-3, 1.0), (0.7, 0.69), (0.02, 6 / 255)]
ZEROS = [(0, 0), (-128, -128), (127, -128), (5, 5), (-3, 127)]


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["RELU", "RELU6"])
def test_every_value_equals_tflm(kind, tmp_path):
    cases = [relu(kind, (256,), scales, zeros) for scales in PAIRS for zeros in ZEROS]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: np.arange(-128, 128, dtype=np.int8)}] * len(cases)])
    assert library.instances == 1


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [relu(kind, (2, 4), (0.01, 0.01), (-100, -100)) for kind in ("RELU", "RELU6")]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    assert [sweep_overlaps(library, index, case) for index, case in enumerate(cases)] == [8, 8]


def test_refuses_what_is_not_int8():
    case = relu("RELU6", (2,), (0.1, 0.1), (0, 0))
    refusal = OpCase(case.kind, (tensor((2,), dtype=DType.FLOAT32),), case.output).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "float32 to int8"
