from itertools import permutations

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Placement, Refusal
from tinygen.kernels.portable.transpose import loops_of


def transpose(shape, perm, dtype=DType.INT8):
    scale = 0.1 if dtype is DType.INT8 else None
    output = [shape[axis] for axis in perm]
    return OpCase(
        "TRANSPOSE", (tensor(shape, scale, 0, dtype), constant(perm)), tensor(output, scale, 0, dtype)
    )


def matrix(shapes, dtype=DType.INT8):
    for shape in shapes:
        for perm in permutations(range(len(shape))):
            case = transpose(shape, perm, dtype)
            if case.candidate().call is not None:
                yield case


@pytest.mark.oracle
def test_every_permutation_equals_tflm(tmp_path):
    cases = [*matrix([(4, 5), (2, 3, 4), (1, 3, 4), (2, 3, 4, 5), (3, 1, 2, 4)])]
    cases += [*list(matrix([(2, 3, 2, 2, 3)]))[::5]]
    for dtype in (DType.INT16, DType.FLOAT32):
        cases += matrix([(2, 3, 4)], dtype)
    check_against_tflm(cases, tmp_path, samples=1)


def test_six_axes_equal_numpy(tmp_path):
    perms = list(permutations(range(6)))[7::19]
    cases = [transpose((2, 3, 1, 2, 3, 2), perm) for perm in perms]
    cases += [transpose((2, 3, 2, 5), (0, 2, 1, 3), dtype) for dtype in (DType.INT32, DType.INT64)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    rng = np.random.default_rng(0)
    for index, case in enumerate(cases):
        inputs = case.random_inputs(rng)
        (found,) = library.run(index, inputs).values()
        perm = case.inputs[1].data
        assert perm is not None
        assert np.array_equal(found, inputs[0].transpose(perm))


@pytest.mark.parametrize(
    ("shape", "perm", "extents"),
    [
        ((2, 3, 4), (0, 1, 2), []),
        ((1, 3, 4), (1, 0, 2), []),
        ((2, 3, 4), (2, 0, 1), [4, 6]),
        ((2, 3, 4, 5), (0, 3, 1, 2), [2, 5, 12]),
        ((1, 3, 4, 5), (0, 2, 1, 3), [4, 3, 5]),
        ((1, 3, 1, 5), (3, 2, 1, 0), [5, 3]),
    ],
)
def test_axes_that_stay_together_are_one_loop(shape, perm, extents):
    assert [level.extent for level in loops_of(shape, perm)] == extents


def test_moving_axes_of_one_element_is_a_view():
    candidate = transpose((1, 3, 1, 4), (1, 0, 3, 2)).candidate()
    assert candidate.call is None
    assert candidate.placements == (Placement(2, base=0),)
    assert candidate.cost.instructions == 0


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        transpose((3, 4), (1, 0)),
        transpose((2, 3, 9), (1, 0, 2)),
        transpose((2, 2, 3), (2, 1, 0)),
        transpose((2, 3), (1, 0), DType.FLOAT32),
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_refusals():
    case = transpose((2, 3), (1, 0))
    moving = OpCase("TRANSPOSE", (case.inputs[0], tensor((2,), dtype=DType.INT32)), case.output)
    long = transpose((1,) * 6 + (2,), range(7))
    for refused, rule in [(moving, "constant"), (long, "at most 6 axes")]:
        refusal = refused.proposal()
        assert isinstance(refusal, Refusal)
        assert rule in refusal.rule
