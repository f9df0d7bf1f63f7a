import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal


def relu(kind, shape, scales, zeros, dtype=DType.INT8):
    return OpCase(
        kind, (tensor(shape, scales[0], zeros[0], dtype),), tensor(shape, scales[1], zeros[1], dtype)
    )


PAIRS = [(0.1, 0.1), (0.1, 0.05), (0.05, 0.1), (1.0, 1e-3), (1e-3, 1.0), (0.7, 0.69), (0.02, 6 / 255)]
ZEROS = [(0, 0), (-128, -128), (127, -128), (5, 5), (-3, 127)]


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["RELU", "RELU6"])
def test_every_int8_value_equals_tflm(kind, tmp_path):
    cases = [relu(kind, (256,), scales, zeros) for scales in PAIRS for zeros in ZEROS]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: np.arange(-128, 128, dtype=np.int8)}] * len(cases)])
    assert library.instances == 1


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["RELU", "RELU6"])
def test_every_int16_value_equals_tflm(kind, tmp_path):
    """Among scales whose quotients in float32 and in double give other results."""
    random = np.exp(np.random.default_rng(9).uniform(-7, 0, (6, 2))).tolist()
    pairs = [(1e-4, 1e-4), (6 / 32768, 3e-4), *random]
    cases = [relu(kind, (65536,), scales, (0, 0), DType.INT16) for scales in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: np.arange(-32768, 32768).astype(np.int16)}] * len(cases)])
    assert library.instances == 1


@pytest.mark.oracle
def test_reals_equal_tflm(tmp_path):
    cases = [relu(kind, (9,), (None, None), (0, 0), DType.FLOAT32) for kind in ("RELU", "RELU6")]
    values = [0.0, -0.0, 6.0, 6.5, -1.0, 1e-45, np.inf, -np.inf, np.nan]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: np.asarray(values, np.float32)}] * 2])


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        relu(kind, (2, 4), (0.01, 0.01), (zero, zero), dtype)
        for kind in ("RELU", "RELU6")
        for dtype, zero in ((DType.INT8, -100), (DType.INT16, 0))
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    found = [sweep_overlaps(library, index, case) for index, case in enumerate(cases)]
    assert found[::2] == [8, 8]
    assert all(found)


def test_refuses_other_types():
    case = relu("RELU6", (2,), (0.1, 0.1), (0, 0))
    refusal = OpCase(case.kind, (tensor((2,), dtype=DType.FLOAT32),), case.output).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "float32 to int8"
