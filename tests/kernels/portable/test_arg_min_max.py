import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.arg_min_max import DTYPES

KINDS = ("ARG_MAX", "ARG_MIN")
SHAPES = [(7,), (1, 10), (3, 5), (2, 3, 4), (2, 3, 4, 5), (2, 1, 3, 1, 2), (2, 2, 2, 2, 2, 3)]


def arg(kind, shape, axis, dtype=DType.INT8):
    scale = 0.1 if dtype is DType.INT8 else None
    output = [size for index, size in enumerate(shape) if index != np.ravel(axis)[0] % len(shape)]
    return OpCase(
        kind, (tensor(shape, scale, dtype=dtype), constant(axis)), tensor(output, dtype=DType.INT32)
    )


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
def test_equals_tflm(kind, tmp_path):
    cases = [
        arg(kind, shape, axis, dtype)
        for dtype in DTYPES
        for shape in SHAPES
        for axis in range(-len(shape), len(shape))
    ]
    cases.append(arg(kind, (3, 5), [1]))
    check_against_tflm(cases, tmp_path, samples=1)


@pytest.mark.oracle
def test_the_first_of_several_counts(tmp_path):
    rng = np.random.default_rng(0)
    cases = [arg(kind, (50, 6), 1, dtype) for kind in KINDS for dtype in DTYPES]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    values = [rng.integers(-1, 2, (50, 6)).astype(case.inputs[0].dtype.numpy) for case in cases]
    compare(library, cases, [[{0: item} for item in values]])


@pytest.mark.oracle
def test_edges_of_float32(tmp_path):
    edges = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf, 1.0], np.float32)
    first, second, third = np.meshgrid(edges, edges, edges)
    values = np.stack([first, second, third], axis=-1)
    cases = [arg(kind, values.shape, 3, DType.FLOAT32) for kind in KINDS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: values}] * 2])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_overlaps_of_allowed_distances(dtype, tmp_path):
    """An index written over an element seldom changes which is the largest, so there is no exact set."""
    cases = [arg("ARG_MAX", shape, axis, dtype) for shape, axis in [((4, 5), 1), ((4, 5), 0), ((2, 3, 4), 1)]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    sharing = [sweep_overlaps(library, index, case, exact=False) for index, case in enumerate(cases)]
    assert sum(sharing) > 0


def test_refusals():
    wide = arg("ARG_MAX", (2, 3), 1, DType.INT16)
    long = OpCase("ARG_MIN", (tensor((3,), 0.1), constant(0)), tensor((), dtype=DType.INT64))
    moving = OpCase(
        "ARG_MIN", (tensor((3,), 0.1), tensor((), dtype=DType.INT32)), tensor((), dtype=DType.INT32)
    )
    rules = []
    for case in (wide, long, moving):
        refusal = case.proposal()
        assert isinstance(refusal, Refusal)
        rules.append(refusal.rule)
    assert rules == [
        "ARG_MAX takes int8 or float32 and gives int32 tensors",
        "ARG_MIN takes int8 or float32 and gives int32 tensors",
        "ARG_MIN's axis is constant",
    ]
