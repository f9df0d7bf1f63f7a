"""REARRANGE by itself: loops, views, pitches and overlaps; its operators are in test_movement.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.op_cases import HOST, OpCase, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Candidate, Operand, Placement, Refusal
from tinygen.kernels.portable import PORTABLE
from tinygen.kernels.portable.rearrange import by_elements, by_pixels, merged
from tinygen.ops.rearrange import Axis, Listed, RearrangeAttributes, Strided, box, strides, taken

Shape = tuple[int, ...]


def rearrange(
    shape: Shape, attributes: RearrangeAttributes, output: Shape, dtype: DType = DType.INT8
) -> OpCase:
    options = {"start": attributes.start, "axes": attributes.axes}
    return OpCase("REARRANGE", (tensor(shape, dtype=dtype),), tensor(output, dtype=dtype), options)


def transposed(shape: Shape, perm: Sequence[int], dtype: DType = DType.INT8) -> OpCase:
    steps = strides(shape)
    axes = tuple(Strided(shape[axis], steps[axis]) for axis in perm)
    return rearrange(shape, RearrangeAttributes(0, axes), tuple(shape[axis] for axis in perm), dtype)


def indexed(shape: Shape, indices: Sequence[Sequence[int]], dtype: DType = DType.INT8) -> OpCase:
    return rearrange(shape, taken(shape, indices), tuple(map(len, indices)), dtype)


def sliced(shape: Shape, ranges: Sequence[range], dtype: DType = DType.INT8) -> OpCase:
    return rearrange(shape, box(shape, ranges), tuple(map(len, ranges)), dtype)


def candidates(case: OpCase) -> list[Candidate]:
    graph = case.graph
    proposal = PORTABLE.propose(graph.ops, graph, HOST)
    assert isinstance(proposal, list), proposal
    return proposal


def copies(case: OpCase) -> list[Candidate]:
    return [candidate for candidate in candidates(case) if candidate.call is not None]


def expected(case: OpCase, values: np.ndarray) -> np.ndarray:
    attributes = RearrangeAttributes(case.options["start"], case.options["axes"])
    return values.ravel()[attributes.positions()].reshape(case.output.shape)


CASES = [
    *(transposed((2, 3, 4), perm) for perm in permutations(range(3)) if perm != (0, 1, 2)),
    transposed((2, 3, 1, 2, 3, 2), (5, 3, 1, 4, 2, 0)),
    transposed((2, 3, 2, 5), (0, 2, 1, 3), DType.INT64),
    sliced((4, 5, 6), [range(1, 3), range(4, -1, -2), range(2, 5)], DType.INT16),
    sliced((9,), [range(8, 0, -3)], DType.INT32),
    sliced((3, 8), [range(3), range(4, 8)]),
    indexed((3, 4, 2), [(2, 0, 2), (1, 0, 0, 3), (0, 1)]),
    indexed((3, 4, 2), [(2,), (1, 0, 0, 3), (1, 0)], DType.FLOAT32),
    indexed((5, 4), [(0, 4, 1), (3, 3, 0, 1, 2)]),
    rearrange((3,), RearrangeAttributes(0, (Strided(2, 0), Strided(3, 1))), (2, 3)),
    rearrange((), RearrangeAttributes(0, (Strided(4, 0),)), (4,)),
]


def test_every_copy_equals_numpy(tmp_path):
    ways = [(case, candidate) for case in CASES for candidate in copies(case)]
    library = KernelLibrary([KernelCase(case.graph, candidate) for case, candidate in ways], tmp_path)
    rng = np.random.default_rng(0)
    for index, (case, candidate) in enumerate(ways):
        inputs = case.random_inputs(rng)
        (found,) = library.run(index, inputs).values()
        assert np.array_equal(found, expected(case, inputs[0])), (index, candidate.name)


def test_copies_by_pixels_take_any_pitch(tmp_path):
    ways = [
        KernelCase(case.graph, candidate, {0: case.inputs[0].shape[-1] + 3, 1: case.output.shape[-1] + 2})
        for case in CASES
        for candidate in copies(case)
        if candidate.operands == (Operand(0), Operand(1)) and case.inputs[0].shape
    ]
    assert len(ways) >= 6
    library = KernelLibrary(ways, tmp_path)
    rng = np.random.default_rng(1)
    for index, way in enumerate(ways):
        (case,) = [case for case in CASES if case.graph == way.graph]
        inputs = case.random_inputs(rng)
        (found,) = library.run(index, inputs).values()
        assert np.array_equal(found, expected(case, inputs[0])), way.candidate.name


@pytest.mark.parametrize(
    ("shape", "perm", "extents", "chunk"),
    [
        ((2, 3, 4), (0, 1, 2), [1], 24),
        ((2, 3, 4), (2, 0, 1), [4, 6], 1),
        ((2, 3, 4, 5), (0, 3, 1, 2), [2, 5, 12], 1),
        ((1, 3, 4, 5), (0, 2, 1, 3), [4, 3], 5),
        ((1, 3, 1, 5), (3, 2, 1, 0), [5, 3], 1),
    ],
)
def test_axes_that_stay_together_are_one_loop(shape, perm, extents, chunk):
    steps = strides(shape)
    axes = tuple(Strided(shape[axis], steps[axis]) for axis in perm)
    loops = by_elements(RearrangeAttributes(0, axes))
    assert [axis.extent for axis in loops.axes] == extents
    assert loops.chunk == chunk


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(-4, 4)), max_size=5))
def test_merging_keeps_the_positions(loops):
    axes: list[Axis] = [Strided(*loop) for loop in loops]
    fewer = merged(axes)
    assert len(fewer) <= len(axes)
    before, after = (RearrangeAttributes(100, tuple(some)).positions() for some in (axes, fewer))
    assert np.array_equal(before, after)


def view_of(case: OpCase) -> Placement | None:
    first = candidates(case)[0]
    if first.call is not None:
        return None
    (placement,) = first.placements
    assert first.cost.instructions == 0
    return placement


@pytest.mark.parametrize(
    ("case", "view"),
    [
        (sliced((1, 5, 1, 40), [range(1), range(3, 5), range(1), range(40)]), Placement(1, 0, 120, 40)),
        (sliced((1, 4, 4, 8), [range(1), range(4), range(4), range(2, 5)]), Placement(1, 0, 2, 8)),
        (sliced((6, 3), [range(1, 6, 2), range(3)], DType.INT16), Placement(1, 0, 6, 6)),
        (sliced((2, 4, 3), [range(2), range(1, 2), range(3)]), Placement(1, 0, 3, 12)),
        (sliced((7,), [range(2, 5)], DType.FLOAT32), Placement(1, 0, 8, 3)),
        (sliced((4, 5), [range(4), range(2, 3)]), Placement(1, 0, 2, 5)),
        (sliced((2, 4, 3), [range(2), range(1, 3), range(3)]), None),
        (sliced((7,), [range(0, 7, 2)]), None),
        (sliced((4, 5), [range(3, -1, -1), range(5)]), None),
        (transposed((2, 3), (1, 0)), None),
        (indexed((5, 4), [(0, 4, 1), range(4)]), None),
        (rearrange((3,), RearrangeAttributes(0, (Strided(2, 0), Strided(3, 1))), (2, 3)), None),
    ],
)
def test_views_are_where_one_pitch_describes_the_output(case, view):
    assert view_of(case) == view
    assert copies(case)


def test_a_constant_is_copied():
    values = np.arange(6, dtype=np.int8).reshape(2, 3)
    case = OpCase(
        "REARRANGE",
        (tensor((2, 3), data=values),),
        tensor((1, 3)),
        {"start": 3, "axes": (Strided(3, 1),)},
    )
    (candidate,) = candidates(case)
    assert candidate.operands == (Operand(1),)
    (stored,) = candidate.constants
    assert np.array_equal(stored.pack(), values.ravel())
    assert candidate.overlaps == ()


def test_pixels_are_runs_inside_of_pixels():
    shape = (4, 6)
    inside = by_pixels(box(shape, [range(3, 0, -1), range(2, 5)]), tensor(shape), tensor((3, 3)))
    assert inside is not None
    assert (inside.start, inside.first, inside.axes, inside.chunk) == (3, 2, (Strided(3, -1),), 3)
    across = RearrangeAttributes(4, (Strided(4, 1),))
    assert by_pixels(across, tensor(shape), tensor((4,))) is None
    listed = by_pixels(taken(shape, [(0, 3, 1), range(6)]), tensor(shape), tensor((3, 6)))
    assert listed is not None
    assert listed.axes == (Listed((0, 3, 1)),)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        transposed((3, 4), (1, 0)),
        transposed((2, 3, 9), (1, 0, 2)),
        transposed((2, 2, 3), (2, 1, 0)),
        transposed((2, 3), (1, 0), DType.FLOAT32),
        sliced((3, 5), [range(3), range(1, 3)]),
        sliced((3, 5), [range(2, -1, -1), range(5)]),
        indexed((4, 2), [(3, 0, 1), (0, 1)]),
    ]
    library = KernelLibrary([KernelCase(case.graph, copies(case)[0]) for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_too_many_loops_are_refused():
    axes = tuple(Strided(2, step) for step in (1, 64, 2, 32, 4, 8, 16, 0))
    case = rearrange((128,), RearrangeAttributes(0, axes), (256,))
    refusal = case.proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "8 loops"
