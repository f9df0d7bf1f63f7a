import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.kernels.portable.unary import KINDS

pytestmark = pytest.mark.oracle

REAL_ONLY = ("SQUARE", "SQRT", "RSQRT", "EXP", "LOG", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "ABS")
"""Of those on float32 all but NEG, which the oracle's build leaves out."""


def case(kind, shape, dtype, scales=(None, None), zeros=(0, 0)):
    source = tensor(shape, scales[0], zeros[0], dtype)
    return OpCase(kind, (source,), tensor(shape, scales[1], zeros[1], dtype))


def pairs(count, seed):
    rng = np.random.default_rng(seed)
    return np.exp(rng.uniform(np.log(1e-3), np.log(1.0), (count, 2))).tolist()


def test_abs_of_every_integer(tmp_path):
    scales = [*pairs(12, 1), (0.1, 0.1)]
    zeros = [(0, 0), (-128, -128), (127, -128), (5, -7)]
    narrow = [case("ABS", (256,), DType.INT8, pair, zero) for pair in scales for zero in zeros]
    library = check_against_tflm(narrow, tmp_path, samples=1)
    compare(library, narrow, [[{0: np.arange(-128, 128, dtype=np.int8)}] * len(narrow)])
    wide = [case("ABS", (65536,), DType.INT16, pair) for pair in scales[-6:]]
    library = KernelLibrary([item.kernel_case() for item in wide], tmp_path)
    compare(library, wide, [[{0: np.arange(-32768, 32768).astype(np.int16)}] * len(wide)])


def test_rsqrt_of_every_int8(tmp_path):
    """TFLM stops at values below zero."""
    cases = [
        case("RSQRT", (256,), DType.INT8, pair, zeros)
        for pair in pairs(30, 2)
        for zeros in [(-128, -128), (-128, 3), (0, 0), (20, -128)]
    ]
    values = [np.maximum(np.arange(-128, 128), item.inputs[0].quant.zero_point) for item in cases]
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    compare(library, cases, [[{0: value.astype(np.int8)} for value in values]])


def test_rsqrt_below_zero_gives_the_highest_value(tmp_path):
    item = case("RSQRT", (3,), DType.INT8, (0.1, 0.1), (0, 0))
    library = KernelLibrary([item.kernel_case()], tmp_path)
    (found,) = library.run(0, {0: np.array([-128, -1, 0], np.int8)}).values()
    assert found.tolist() == [127] * 3


def test_reals(tmp_path):
    """On the host both use the same C library: the same bits."""
    cases = [case(kind, (3000,), DType.FLOAT32) for kind in REAL_ONLY]
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0, 3, 1500), rng.normal(0, 1e4, 1000), np.arange(-250, 250) / 2])
    values[:6] = [0.0, -0.0, 1e-40, -1e-40, 3e9, -3e9]
    inputs = [
        {0: (np.abs(values) if kind in ("SQRT", "RSQRT", "LOG") else values).astype(np.float32)}
        for kind in REAL_ONLY
    ]
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    compare(library, cases, [inputs])


def test_negation(tmp_path):
    item = case("NEG", (4,), DType.FLOAT32)
    library = KernelLibrary([item.kernel_case()], tmp_path)
    values = np.array([0.0, -0.0, 1.5, -np.inf], np.float32)
    (found,) = library.run(0, {0: values}).values()
    assert found.tobytes() == (-values).tobytes()


def test_logical_not(tmp_path):
    check_against_tflm([case("LOGICAL_NOT", (3, 5), DType.BOOL)], tmp_path)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        case("ABS", (2, 4), DType.INT8, (0.1, 0.1)),
        case("ABS", (5,), DType.INT16, (0.1, 0.1)),
        case("LOGICAL_NOT", (6,), DType.BOOL),
    ]
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    assert all(sweep_overlaps(library, index, item, tries=60) for index, item in enumerate(cases))


def test_reals_may_be_in_place(tmp_path):
    cases = [case(kind, (5,), DType.FLOAT32) for kind in KINDS if kind != "LOGICAL_NOT"]
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    for index, item in enumerate(cases):
        assert sweep_overlaps(library, index, item, exact=False)


@pytest.mark.parametrize(
    ("kind", "dtype"), [("SQRT", DType.INT8), ("LOGICAL_NOT", DType.INT8), ("RSQRT", DType.INT16)]
)
def test_refuses_other_types(kind, dtype):
    refusal = case(kind, (2,), dtype, (0.1, 0.1)).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == f"{dtype} to {dtype}"
