from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, sweep_overlaps, tensor, tflm_outputs
from tinygen.ir import DType
from tinygen.kernels.interface import PitchOf, Refusal
from tinygen.ops.geometry import Padding, output_size
from tinygen.ops.pooling import DTYPES

SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)


def pool(
    kind,
    shape,
    filter_hw,
    stride_hw,
    padding=VALID,
    activation=NONE,
    quant=(0.05, 0),
    dtype=DType.INT8,
):
    output_h, output_w = output_size(Padding(padding), shape[1:3], filter_hw, stride_hw)
    scaling = (None, 0) if dtype is DType.FLOAT32 else quant
    return OpCase(
        kind,
        (tensor(shape, *scaling, dtype),),
        tensor((shape[0], output_h, output_w, shape[3]), *scaling, dtype),
        {
            "filter_height": filter_hw[0],
            "filter_width": filter_hw[1],
            "stride_h": stride_hw[0],
            "stride_w": stride_hw[1],
            "padding": padding,
            "fused_activation_function": activation,
        },
    )


KINDS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
EVERY = [(kind, dtype) for kind, dtypes in DTYPES.items() for dtype in dtypes]


def matrix(kind, dtype=DType.INT8):
    make = partial(pool, kind, dtype=dtype)
    for filter_hw, stride_hw, padding in product(
        [(1, 1), (2, 2), (3, 3), (2, 5), (5, 1)], [(1, 1), (2, 2), (1, 3), (4, 2)], [SAME, VALID]
    ):
        yield make((1, 7, 9, 3), filter_hw, stride_hw, padding)
    for activation in (NONE, RELU, RELU_N1_TO_1, RELU6):
        for quant in [(0.05, 0), (0.02, -128), (0.1, 127), (0.03, 11)]:
            yield make((1, 4, 4, 5), (2, 2), (2, 2), SAME, activation, quant)
    yield make((1, 25, 5, 64), (25, 5), (25, 5))
    yield make((1, 1, 1, 1), (1, 1), (1, 1))
    yield make((1, 2, 2, 3), (5, 5), (1, 1), SAME)
    yield make((3, 5, 4, 2), (3, 2), (2, 1), SAME)


@pytest.mark.oracle
@pytest.mark.parametrize(("kind", "dtype"), EVERY, ids=str)
def test_equals_tflm(kind, dtype, tmp_path):
    check_against_tflm(list(matrix(kind, dtype)), tmp_path, samples=2)


@pytest.mark.oracle
def test_edges_of_float32(tmp_path):
    edges = np.array([0.0, -0.0, 3e38, 3e38, np.inf, -np.inf, np.nan, 1e-45, -3e38, -3e38], np.float32)
    cases = [
        pool(kind, (1, 1, 10, 1), (1, 2), (1, 1), activation=activation, dtype=DType.FLOAT32)
        for kind in DTYPES
        for activation in (NONE, RELU6)
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    values = [{0: edges.reshape(1, 1, 10, 1)}] * len(cases)
    (expected,) = tflm_outputs(cases, [values])
    for index, case in enumerate(cases):
        # A NaN is as good as any other.
        np.testing.assert_array_equal(
            library.run(index, values[index])[1], expected[index], err_msg=case.kind
        )


def test_geometries_share_one_instance(tmp_path):
    cases = [case for case in matrix("MAX_POOL_2D") if not case.options["fused_activation_function"]]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


@st.composite
def geometries(draw):
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    padding = draw(st.sampled_from([SAME, VALID]))
    most = (height, width) if padding == VALID else (7, 7)
    filter_hw = draw(st.integers(1, most[0])), draw(st.integers(1, most[1]))
    stride_hw = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    shape = (draw(st.integers(1, 2)), height, width, draw(st.integers(1, 3)))
    return pool(draw(st.sampled_from(KINDS)), shape, filter_hw, stride_hw, padding)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    geometry = [
        ((1, 4, 4, 2), (2, 2), (2, 2), VALID),
        ((1, 4, 5, 1), (3, 3), (1, 1), SAME),
        ((1, 6, 3, 2), (1, 1), (3, 2), VALID),
        ((1, 5, 5, 1), (3, 2), (2, 2), SAME),
        ((2, 3, 4, 1), (3, 4), (3, 4), VALID),
    ]
    cases = [pool(kind, *item) for kind in KINDS for item in geometry]
    # Maxima written over elements of later windows of the same elements do no harm, so there is no exact set.
    cases.append(pool("AVERAGE_POOL_2D", (1, 2, 2, 1), (5, 5), (1, 1), SAME))
    cases += [pool(kind, *geometry[0], dtype=dtype) for kind, dtype in EVERY if dtype is not DType.INT8]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    sharing = [sweep_overlaps(library, index, case) for index, case in enumerate(cases)]
    assert all(sharing)


@given(st.lists(geometries(), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None)
def test_overlaps_of_random_geometries(tmp_path_factory, cases):
    library = KernelLibrary(
        [case.kernel_case() for case in cases], tmp_path_factory.mktemp("pool"), sanitize=False
    )
    for index, case in enumerate(cases):
        sweep_overlaps(library, index, case, exact=False)


@pytest.mark.parametrize("kind", KINDS)
def test_pitches_change_nothing(kind, tmp_path):
    case = pool(kind, (1, 5, 6, 3), (3, 2), (2, 2), SAME)
    dense = case.kernel_case()
    wide = KernelCase(dense.graph, dense.candidate, {0: 7, 1: 4})
    library = KernelLibrary([dense, wide], tmp_path)
    inputs = case.random_inputs(np.random.default_rng(0))
    assert np.array_equal(library.run(0, inputs)[1], library.run(1, inputs)[1])
    assert library.instances == 1
    pitches = [item.value for item in dense.call.parameters if isinstance(item.value, PitchOf)]
    assert pitches == [PitchOf(0), PitchOf(1)]


def test_averages_round_halves_away_from_zero(tmp_path):
    case = pool("AVERAGE_POOL_2D", (1, 1, 2, 6), (1, 2), (1, 2))
    pairs = np.array([[1, 2], [-1, -2], [0, 1], [0, -1], [127, 127], [-128, -127]], np.int8)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    (found,) = library.run(0, {0: np.ascontiguousarray(pairs.T)}).values()
    assert found.ravel().tolist() == [2, -2, 1, -1, 127, -128]


@pytest.mark.parametrize(("kind", "dtype"), [("MAX_POOL_2D", DType.INT32), ("L2_POOL_2D", DType.INT8)])
def test_refuses_other_dtypes(kind, dtype):
    refusal = pool(kind, (1, 2, 2, 1), (2, 2), (2, 2), dtype=dtype).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == f"{dtype} to {dtype}"
