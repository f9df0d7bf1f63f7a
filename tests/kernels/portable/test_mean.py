from itertools import combinations

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal


def mean(shape, axes, *, keep=True, scales=(0.05, 0.04), zeros=(3, -9)):
    reduced = {axis % len(shape) for axis in np.ravel(axes)}
    kept = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    output = kept if keep else [size for axis, size in enumerate(shape) if axis not in reduced]
    return OpCase(
        "MEAN",
        (tensor(shape, scales[0], zeros[0]), constant(axes)),
        tensor(output, scales[1], zeros[1]),
        {"keep_dims": keep},
    )


def all_axes(rank):
    return [axes for count in range(1, rank + 1) for axes in combinations(range(rank), count)]


@pytest.mark.oracle
def test_every_combination_of_axes_equals_tflm(tmp_path):
    shapes = [(7,), (3, 5), (2, 3, 4), (2, 3, 4, 5), (2, 3, 2, 3, 2), (2, 3, 2, 2, 3, 2)]
    cases = [
        mean(shape, axes, keep=keep) for shape in shapes for axes in all_axes(len(shape)) for keep in (0, 1)
    ]
    check_against_tflm(cases, tmp_path, samples=1)


@pytest.mark.oracle
def test_scales_and_sizes_equal_tflm(tmp_path):
    cases = [
        mean((1, size, size, 8), (1, 2), scales=scales, zeros=zeros)
        for size in (1, 2, 3, 7, 8, 25)
        for scales in [(0.1, 0.1), (0.1, 0.003), (0.01, 1.0), (1.0, 0.001), (1e-5, 3.0), (1e-8, 1.0)]
        for zeros in [(0, 0), (-128, 127), (127, -128)]
    ]
    cases += [mean((1, 4, 6, 5), axes) for axes in [(2, 1), (-1,), (-2, -3), (1, 1, 2), (1, -3), 2]]
    cases.append(mean((1, 96, 96, 2), (1, 2)))
    check_against_tflm(cases, tmp_path, samples=2)


def test_shapes_share_instances(tmp_path):
    cases = [mean((1, size, size, 4 * size), (1, 2)) for size in (2, 3, 4)]
    assert KernelLibrary([case.kernel_case() for case in cases], tmp_path).instances == 1


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        mean((1, 3, 2, 4), (1, 2), scales=(1.0, 1.0)),
        mean((3, 4), (1,), scales=(1.0, 0.5)),
        mean((3, 2, 3), (0, 2), scales=(1.0, 0.5)),
        mean((2, 3), (), scales=(1.0, 1.0)),
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=80) > 0


def test_refusals():
    case = mean((2, 3), (1,))
    moving = OpCase("MEAN", (case.inputs[0], tensor((1,), dtype=DType.INT32)), case.output, case.options)
    long = mean((2,) * 8, (0, 2, 4, 6))
    floats = OpCase("MEAN", (tensor((2, 3), dtype=DType.FLOAT32), case.inputs[1]), case.output, case.options)
    rules = []
    for refused in (moving, long, floats):
        refusal = refused.proposal()
        assert isinstance(refusal, Refusal)
        rules.append(refusal.rule)
    assert rules == [
        "MEAN's axes are constant",
        "MEAN alternates between at most 3 groups of axes",
        "MEAN takes and gives int8 tensors",
    ]
