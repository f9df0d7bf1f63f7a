from itertools import product

import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.cumsum import DTYPES

SHAPES = [(7,), (3, 5), (2, 3, 4), (2, 3, 1, 5), (2, 1, 3, 1, 2, 2)]


def cumsum(shape, axis, dtype=DType.INT8, exclusive=0, reverse=0, scales=(0.05, 0.2), zeros=(3, -9)):
    quants = [(None, 0)] * 2 if dtype is not DType.INT8 else list(zip(scales, zeros, strict=True))
    return OpCase(
        "CUMSUM",
        (tensor(shape, *quants[0], dtype), constant(axis)),
        tensor(shape, *quants[1], dtype),
        {"exclusive": bool(exclusive), "reverse": bool(reverse)},
    )


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_equals_tflm(dtype, tmp_path):
    cases = [
        cumsum(shape, axis, dtype, *flags)
        for shape in SHAPES
        for axis in (*range(len(shape)), -1)
        for flags in product((0, 1), repeat=2)
    ]
    check_against_tflm(cases, tmp_path, samples=1)


@pytest.mark.oracle
def test_scales_and_wrapping_equal_tflm(tmp_path):
    """From the seventeenth extreme element on the accumulator may wrap around."""
    cases = [
        cumsum((2, 60), 1, scales=scales, zeros=zeros)
        for scales in [(0.1, 0.1), (0.5, 0.01), (0.01, 3.0), (1.0, 1e-5)]
        for zeros in [(0, 0), (-128, 127), (127, -128)]
    ]
    check_against_tflm(cases, tmp_path, samples=3)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_overlaps_are_exact_along_the_last_axis(dtype, tmp_path):
    cases = [cumsum((2, 3), 1, dtype, reverse=reverse, scales=(0.1, 0.1)) for reverse in (0, 1)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=80) > 0


def test_in_place_along_other_axes_and_without_the_last_element(tmp_path):
    cases = [cumsum((3, 2), 0, reverse=reverse) for reverse in (0, 1)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, exact=False) == 1
    exclusive = cumsum((5,), 0, exclusive=1)
    library = KernelLibrary([exclusive.kernel_case()], tmp_path)
    assert sweep_overlaps(library, 0, exclusive, exact=False) == 5


def test_shapes_share_instances(tmp_path):
    cases = [cumsum(shape, 0) for shape in SHAPES]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


def test_refusals():
    wide = cumsum((2, 3), 1, DType.INT16)
    case = cumsum((3,), 0)
    moving = OpCase("CUMSUM", (case.inputs[0], tensor((), dtype=DType.INT32)), case.output, case.options)
    rules = []
    for refused in (wide, moving):
        refusal = refused.proposal()
        assert isinstance(refusal, Refusal)
        rules.append(refusal.rule)
    assert rules == ["CUMSUM takes and gives int8 or float32 tensors", "CUMSUM's axis is constant"]
