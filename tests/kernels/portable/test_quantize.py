import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.quantize import PAIRS


def from_float(shape, scale, zero, dtype=DType.INT8):
    return OpCase("QUANTIZE", (tensor(shape, dtype=DType.FLOAT32),), tensor(shape, scale, zero, dtype))


def rescale(shape, scales, zeros, dtypes=(DType.INT8, DType.INT8)):
    return OpCase(
        "QUANTIZE",
        (tensor(shape, scales[0], zeros[0], dtypes[0]),),
        tensor(shape, scales[1], zeros[1], dtypes[1]),
    )


SCALES = [1.0, 0.1, 0.0235, 1 / 255, 3.7, 1e-6, 1e4]
ZEROS = {DType.INT8: [0, -128, 127, 3], DType.INT16: [0, -32768, 32767, 100]}
INTEGERS = [pair for pair in PAIRS if pair[0] is not DType.FLOAT32]


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ZEROS)
def test_reals_equal_tflm(dtype, tmp_path):
    """Random reals, and each half step with its neighbours, where rounding decides."""
    cases = [from_float((3, 1021), scale, zero, dtype) for scale in SCALES for zero in ZEROS[dtype]]
    library = check_against_tflm(cases, tmp_path)
    lowest = int(np.iinfo(dtype.numpy).min)
    halves = np.concatenate([np.arange(-300, 300), lowest + np.arange(-100, 100)]).astype(np.float32) + 0.5
    values = [np.float32(scale) * halves.astype(np.float32) for scale in SCALES for _ in ZEROS[dtype]]
    near = [
        np.concatenate([np.nextafter(v, np.float32(-np.inf)), v, np.nextafter(v, np.float32(np.inf))])
        for v in values
    ]
    inputs = [np.resize(v, (3, 1021)).astype(np.float32) for v in near]
    compare(library, cases, [[{0: value} for value in inputs]])


@pytest.mark.parametrize(("dtype", "zero"), [(dtype, zero) for dtype, all_ in ZEROS.items() for zero in all_])
def test_extreme_reals_saturate(dtype, zero, tmp_path):
    values = [np.inf, 3e38, 2.0**31, 1e12, -np.inf, -3e38, -(2.0**31) - 1e6, np.nan, -0.0, 1e-45]
    case = from_float((len(values),), 0.01, zero, dtype)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    (found,) = library.run(0, {0: np.asarray(values, np.float32)}).values()
    limits = np.iinfo(dtype.numpy)
    assert found.tolist() == [limits.max] * 4 + [limits.min] * 3 + [zero] * 3


def zero_points(pair, rng):
    """Three pairs of zero points: no offset, opposite ends, anything. Int32 has none."""
    ends = [(0, 0) if dtype is DType.INT32 else _limits(dtype) for dtype in pair]
    anything = tuple(int(rng.integers(low, high + 1)) for low, high in ends)
    # The change between int8 and uint8 that flips one bit.
    return [(0, 0), (ends[0][0], ends[1][1]), (ends[0][0], ends[1][0]), anything]


def _limits(dtype):
    return int(np.iinfo(dtype.numpy).min), int(np.iinfo(dtype.numpy).max)


@pytest.mark.oracle
def test_every_pair_of_integer_types_equals_tflm(tmp_path):
    rng = np.random.default_rng(4)
    cases = []
    for pair in INTEGERS:
        span = {DType.INT32: 2.0**-16}.get(pair[0], 1.0)
        scales = [(0.1, 0.1), (0.1, 0.05), (0.05, 0.1), (0.7, 0.69), (1e-9, 1.0), (0.2, 0.3)]
        scales += np.exp(rng.uniform(-4, 0, (3, 2))).tolist()
        cases += [
            rescale((999,), (scale[0] * span, scale[1]), zeros, pair)
            for scale in scales
            for zeros in zero_points(pair, rng)
        ]
    library = check_against_tflm(cases, tmp_path)
    assert library.instances == len(INTEGERS)


@pytest.mark.oracle
def test_every_value_equals_tflm(tmp_path):
    scales = [(0.1, 0.1), (1.0, 1e-3), (1e-3, 1.0), (0.7, 0.69)]
    for dtype in (DType.INT8, DType.INT16):
        low, high = _limits(dtype)
        values = np.arange(low, high + 1).astype(dtype.numpy)
        pairs = [pair for pair in INTEGERS if pair[0] is dtype]
        cases = [rescale(values.shape, scale, (0, 0), pair) for pair in pairs for scale in scales]
        library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
        compare(library, cases, [[{0: values}] * len(cases)])


def test_overlaps_hold_at_every_distance(tmp_path):
    """Exact but where the input is wider: with another lowest byte it mostly becomes the same int8."""
    cases = [from_float((5,), 0.5, 0), from_float((1,), 0.5, 0)]
    cases += [rescale((2, 3), (0.1, 0.1), (0, 0), pair) for pair in INTEGERS if DType.INT32 not in pair]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    found = [
        sweep_overlaps(library, index, case, exact=case.inputs[0].dtype.bytes <= case.output.dtype.bytes)
        for index, case in enumerate(cases)
    ]
    assert found[:3] == [8, 4, 6]
    assert all(0 in case.candidate().overlaps[0].allowed for case in cases)
    assert list(cases[0].candidate().overlaps[0].allowed) == [(None, 3), (20, None)]


def test_int32_may_be_in_place(tmp_path):
    cases = [rescale((2, 3), (0.1, 0.1), (0, 0), pair) for pair in INTEGERS if DType.INT32 in pair]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert 0 in case.candidate().overlaps[0].allowed
        assert sweep_overlaps(library, index, case, exact=False)


def test_refuses_other_types():
    refusal = rescale((2,), (0.1, 0.1), (0, 0), (DType.UINT8, DType.INT16)).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "uint8 to int16"
