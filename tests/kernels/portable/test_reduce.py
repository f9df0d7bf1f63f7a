from itertools import combinations

import numpy as np
import pytest

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

S8, S16, F32, BOOL = DType.INT8, DType.INT16, DType.FLOAT32, DType.BOOL
SUMS = [(kind, dtype) for kind in ("MEAN", "SUM") for dtype in (S8, S16, F32)]
CHOICES = [(kind, dtype) for kind in ("REDUCE_MAX", "REDUCE_MIN") for dtype in (S8, F32)]
EVERY = [*SUMS, *CHOICES, ("REDUCE_ALL", BOOL)]


def reduction(kind, shape, axes, dtype=S8, *, keep=True, scales=(0.05, 0.04), zeros=(3, -9)):
    reduced = {axis % len(shape) for axis in np.ravel(axes)}
    kept = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    output = kept if keep else [size for axis, size in enumerate(shape) if axis not in reduced]
    quants = list(zip(scales, zeros, strict=True))
    if dtype not in (S8, S16):
        quants = [(None, 0)] * 2
    elif kind.startswith("REDUCE"):
        quants = quants[:1] * 2
    return OpCase(
        kind,
        (tensor(shape, *quants[0], dtype), constant(axes)),
        tensor(output, *quants[1], dtype),
        {"keep_dims": keep},
    )


def all_axes(rank):
    return [axes for count in range(1, rank + 1) for axes in combinations(range(rank), count)]


@pytest.mark.oracle
@pytest.mark.parametrize(("kind", "dtype"), EVERY, ids=str)
def test_every_combination_of_axes_equals_tflm(kind, dtype, tmp_path):
    shapes = [(7,), (3, 5), (2, 3, 4), (2, 3, 4, 5)]
    if (kind, dtype) in [("MEAN", S8), ("SUM", F32)]:
        shapes += [(2, 3, 2, 3, 2), (2, 3, 2, 2, 3, 2)]
    cases = [
        reduction(kind, shape, axes, dtype, keep=keep)
        for shape in shapes
        for axes in all_axes(len(shape))
        for keep in (False, True)
    ]
    check_against_tflm(cases, tmp_path, samples=1)


@pytest.mark.oracle
@pytest.mark.parametrize(("kind", "dtype"), [item for item in SUMS if item[1] is not F32], ids=str)
def test_scales_and_sizes_equal_tflm(kind, dtype, tmp_path):
    cases = [
        reduction(kind, (1, size, size, 8), (1, 2), dtype, scales=scales, zeros=zeros)
        for size in (1, 2, 3, 7, 8, 25)
        for scales in [(0.1, 0.1), (0.1, 0.003), (0.01, 1.0), (1.0, 0.001), (1e-5, 3.0), (1e-8, 1.0)]
        for zeros in [(0, 0), (-128, 127), (127, -128)]
    ]
    named = [(2, 1), (-1,), (-2, -3), (1, 1, 2), (1, -3), 2]
    cases += [reduction(kind, (1, 4, 6, 5), axes, dtype) for axes in named]
    cases.append(reduction(kind, (1, 96, 96, 2), (1, 2), dtype))
    check_against_tflm(cases, tmp_path, samples=2)


@pytest.mark.oracle
def test_bools_that_are_all_true(tmp_path):
    case = reduction("REDUCE_ALL", (4, 5), (1,), BOOL)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    values = np.ones((4, 5), bool)
    values[2, 4] = values[3, 0] = False
    compare(library, [case], [[{0: values}]])
    assert library.run(0, {0: values})[2].ravel().tolist() == [True, True, False, False]


@pytest.mark.oracle
def test_edges_of_float32(tmp_path):
    rows = [
        [np.inf, np.inf],
        [-np.inf, -np.inf],
        [np.nan, 1.0],
        [1.0, np.nan],
        [-0.0, -0.0],
        [0.0, -0.0],
        [3e38, 3e38],
        [1e-45, -1e-45],
    ]
    values = np.array(rows, np.float32)
    cases = [reduction(kind, values.shape, (1,), F32) for kind, dtype in EVERY if dtype is F32]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    (expected,) = tflm_outputs(cases, [[{0: values}] * len(cases)])
    for index, case in enumerate(cases):
        found = library.run(index, {0: values})[2]
        # A NaN is as good as any other.
        np.testing.assert_array_equal(found, expected[index], err_msg=case.kind)
        assert np.array_equal(np.signbit(found[found == 0]), np.signbit(expected[index][found == 0]))


def test_shapes_share_instances(tmp_path):
    cases = [
        reduction(kind, (1, size, size, 4 * size), (1, 2)) for size in (2, 3, 4) for kind in ("MEAN", "SUM")
    ]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        reduction("MEAN", (1, 3, 2, 4), (1, 2), scales=(1.0, 1.0)),
        reduction("MEAN", (3, 4), (1,), scales=(1.0, 0.5)),
        reduction("MEAN", (3, 2, 3), (0, 2), scales=(1.0, 0.5)),
        reduction("MEAN", (2, 3), (), scales=(1.0, 1.0)),
        *[reduction(kind, (3, 2, 3), (0, 2), dtype, scales=(1.0, 1.0)) for kind, dtype in SUMS],
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=80) > 0


@pytest.mark.parametrize(("kind", "dtype"), [*CHOICES, ("REDUCE_ALL", BOOL)], ids=str)
def test_overlaps_of_choices(kind, dtype, tmp_path):
    """A chosen element written over one that it is compared with later does no harm."""
    cases = [
        reduction(kind, shape, axes, dtype)
        for shape, axes in [((3, 4), (1,)), ((3, 2, 3), (0, 2)), ((5,), ())]
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, exact=False) > 0


def test_refusals():
    case = reduction("MEAN", (2, 3), (1,))
    moving = OpCase("MEAN", (case.inputs[0], tensor((1,), dtype=DType.INT32)), case.output, case.options)
    long = reduction("MEAN", (2,) * 8, (0, 2, 4, 6))
    wide = reduction("REDUCE_MAX", (2, 3), (1,), S16)
    ints = reduction("SUM", (2, 3), (1,), DType.INT32)
    rules = []
    for refused in (moving, long, wide, ints):
        refusal = refused.proposal()
        assert isinstance(refusal, Refusal)
        rules.append(refusal.rule)
    assert rules == [
        "MEAN's axes are constant",
        "MEAN alternates between at most 3 groups of axes",
        "REDUCE_MAX takes and gives int8 or float32 tensors",
        "SUM takes and gives int8, int16 or float32 tensors",
    ]
