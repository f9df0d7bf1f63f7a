import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal


def from_float(shape, scale, zero):
    return OpCase("QUANTIZE", (tensor(shape, dtype=DType.FLOAT32),), tensor(shape, scale, zero))


def from_int8(shape, scales, zeros):
    return OpCase("QUANTIZE", (tensor(shape, scales[0], zeros[0]),), tensor(shape, scales[1], zeros[1]))


SCALES = [1.0, 0.1, 0.0235, 1 / 255, 3.7, 1e-6, 1e4]
ZEROS = [0, -128, 127, 3]


@pytest.mark.oracle
def test_reals_equal_tflm(tmp_path):
    """Random reals, and each half step with its neighbours, where rounding decides."""
    cases = [from_float((3, 1021), scale, zero) for scale in SCALES for zero in ZEROS]
    library = check_against_tflm(cases, tmp_path)
    halves = np.arange(-300, 300).astype(np.float32) + np.float32(0.5)
    values = [np.float32(scale) * halves for scale in SCALES for _ in ZEROS]
    near = [
        np.concatenate([np.nextafter(v, np.float32(-np.inf)), v, np.nextafter(v, np.float32(np.inf))])
        for v in values
    ]
    inputs = [np.resize(v, (3, 1021)).astype(np.float32) for v in near]
    compare(library, cases, [[{0: value} for value in inputs]])


@pytest.mark.parametrize("zero", ZEROS)
def test_extreme_reals_saturate(zero, tmp_path):
    values = [np.inf, 3e38, 2.0**31, 1e12, -np.inf, -3e38, -(2.0**31) - 1e6, np.nan, -0.0, 1e-45]
    case = from_float((len(values),), 0.01, zero)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    (found,) = library.run(0, {0: np.asarray(values, np.float32)}).values()
    assert found.tolist() == [127] * 4 + [-128] * 3 + [zero] * 3


@pytest.mark.oracle
def test_every_int8_value_equals_tflm(tmp_path):
    pairs = [
        (0.1, 0.1),
        (0.1, 0.05),
        (0.05, 0.1),
        (1.0, 1e-3),
        (1e-3, 1.0),
        (0.7, 0.69),
        (1e-9, 1.0),
        (0.2, 0.3),
    ]
    cases = [
        from_int8((256,), scales, zeros)
        for scales in pairs
        for zeros in [(0, 0), (-128, 127), (127, -128), (5, 5), (-3, 12)]
    ]
    library = check_against_tflm(cases, tmp_path, samples=1)
    compare(library, cases, [[{0: np.arange(-128, 128, dtype=np.int8)}] * len(cases)])
    assert library.instances == 1


def test_overlaps_hold_at_every_distance(tmp_path):
    """Exact for int8; a real with another lowest byte mostly becomes the same int8."""
    cases = [from_float((5,), 0.5, 0), from_float((1,), 0.5, 0), from_int8((2, 3), (0.1, 0.1), (0, 0))]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    found = [sweep_overlaps(library, index, case, exact=index == 2) for index, case in enumerate(cases)]
    assert found == [8, 4, 6]
    assert list(cases[0].candidate().overlaps[0].allowed) == [(None, 3), (20, None)]


def test_refuses_other_types():
    case = OpCase("QUANTIZE", (tensor((2,), 0.1, dtype=DType.INT16),), tensor((2,), 0.1))
    refusal = case.proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 to int8"
