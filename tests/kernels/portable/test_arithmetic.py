import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.broadcasts import (
    BROADCASTS,
    NONE,
    RELU,
    RELU6,
    RELU_N1_TO_1,
    binary,
    broadcast_pairs,
)
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import (
    OpCase,
    check_against_tflm,
    compare,
    constant,
    sweep_overlaps,
    tensor,
    tflm_outputs,
)
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.kernels.portable.arithmetic import Operation
from tinygen.resources import firmware

S32, F32 = DType.INT32, DType.FLOAT32
FUSING = ("ADD", "SUB", "MUL", "DIV")
ON_INT32 = (*FUSING, "SQUARED_DIFFERENCE")
ON_FLOAT = (*ON_INT32, "FLOOR_DIV", "FLOOR_MOD")
PAIR = ((3, 4), (3, 4))


def fused(kind, dtype, activation):
    return binary(kind, PAIR, dtype, options={"fused_activation_function": activation})


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [binary(kind, pair, S32) for kind in ON_INT32 for pair in BROADCASTS]
    cases += [binary(kind, pair, F32) for kind in ON_FLOAT for pair in BROADCASTS]
    cases += [fused(kind, F32, code) for kind in FUSING for code in (NONE, RELU, RELU_N1_TO_1, RELU6)]
    cases += [fused(kind, S32, code) for kind in FUSING[1:] for code in (NONE, RELU, RELU_N1_TO_1, RELU6)]
    check_against_tflm(cases, tmp_path, samples=2)


@pytest.mark.oracle
def test_edges_of_float32(tmp_path):
    """Infinities, NaN, signed zeros and subnormals, apart from divisors of 0, for which FLOOR_DIV stops."""
    edges = [0.0, -0.0, 1.0, -1.5, 1e-45, -1e-40, 3.4e38, -3.4e38, np.inf, -np.inf, np.nan, 7.25, -2.5]
    first, second = np.meshgrid(np.array(edges, np.float32), np.array(edges[2:], np.float32))
    cases = [binary(kind, (first.shape, first.shape), F32) for kind in ON_FLOAT]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    values = [{0: first, 1: second}] * len(cases)
    (expected,) = tflm_outputs(cases, [values])
    for index, case in enumerate(cases):
        found = library.run(index, values[index])[2]
        # A NaN is as good as any other.
        np.testing.assert_array_equal(found, expected[index], err_msg=case.kind)
        assert np.array_equal(np.signbit(found[found == 0]), np.signbit(expected[index][found == 0]))


@pytest.mark.oracle
def test_edges_of_int32(tmp_path):
    """What leaves int32 wraps around; divisors of 0 and the quotient that does not fit stop TFLM."""
    edges = [-(2**31), -(2**31) + 1, -65536, -3, -1, 1, 2, 46341, 2**31 - 1]
    first, second = np.meshgrid(np.array(edges, np.int32), np.array(edges, np.int32))
    cases = [binary(kind, (first.shape, first.shape), S32) for kind in ON_INT32]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    values = [{0: first, 1: second} for _ in cases]
    values[ON_INT32.index("DIV")][1] = np.where(second == -1, -2, second).astype(np.int32)
    compare(library, cases, [values])


def test_quotients_that_tflm_leaves_undefined(tmp_path):
    case = binary("DIV", ((3,), (3,)), S32)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    values = {0: np.array([7, -7, -(2**31)], np.int32), 1: np.array([0, 0, -1], np.int32)}
    assert library.run(0, values)[2].tolist() == [0, 0, -(2**31)]


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    cases = []
    for dtype in (S32, F32):
        fixed = constant(np.arange(1, 21).reshape(4, 5), dtype)
        moving = tensor((2, 4, 5), dtype=dtype)
        for kind in ON_INT32:
            cases += [OpCase(kind, pair, moving) for pair in [(moving, fixed), (fixed, moving)]]
    check_against_tflm(cases, tmp_path)


@pytest.mark.oracle
@given(st.lists(broadcast_pairs(), min_size=20, max_size=20), st.integers(0, 100))
@settings(max_examples=2, deadline=None)
def test_random_broadcasts(tmp_path_factory, pairs, seed):
    cases = [binary(kind, pair, F32) for pair in pairs for kind in ("SUB", "DIV")]
    check_against_tflm(cases, tmp_path_factory.mktemp("arithmetic"), samples=1, seed=seed)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        binary(kind, pair, dtype)
        for kind, dtype in (("SUB", S32), ("DIV", F32), ("FLOOR_MOD", F32))
        for pair in [((5,), (5,)), ((2, 3), (3,)), ((2, 1), (1, 3))]
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_operations_are_the_headers():
    header = (firmware() / "kernels" / "portable" / "arithmetic.h").read_text(encoding="utf-8")
    (listed,) = [part.split("}")[0] for part in header.split("enum tg_arithmetic {")[1:]]
    assert [name.strip() for name in listed.split(",")] == [f"TG_{item.name}" for item in Operation]


def test_shapes_share_instances(tmp_path):
    cases = [binary("MUL", (shape, shape), F32) for shape in [(4,), (2, 8), (1, 3, 3, 2)]]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


@pytest.mark.parametrize("kind", ON_FLOAT)
def test_refuses_other_dtypes(kind):
    refusal = binary(kind, PAIR, DType.INT64).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int64 and int64 to int64"
