from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tinygen.kernels.intervals import IntervalSet, apart

BOUNDS = st.one_of(st.none(), st.integers(-12, 12))
REACH = range(-30, 31)


@st.composite
def interval_sets(draw: st.DrawFn) -> IntervalSet:
    pairs = draw(st.lists(st.tuples(BOUNDS, BOUNDS), max_size=4))
    return IntervalSet.of(*(pair for pair in pairs if None in pair or pair[0] <= pair[1]))  # type: ignore[operator]


def members(found: IntervalSet) -> set[int]:
    return {value for value in REACH if value in found}


@given(interval_sets(), interval_sets())
def test_union_and_intersection_are_those_of_the_members(a: IntervalSet, b: IntervalSet) -> None:
    assert members(a | b) == members(a) | members(b)
    assert members(a & b) == members(a) & members(b)


@given(interval_sets(), interval_sets())
def test_intervals_are_ascending_and_do_not_touch(a: IntervalSet, b: IntervalSet) -> None:
    for found in (a | b, a & b):
        inner = found.intervals
        assert all(high is not None for _, high in inner[:-1])
        assert all(low is not None for low, _ in inner[1:])
        assert all(before[1] + 1 < after[0] for before, after in pairwise(inner))  # type: ignore[operator]


@given(interval_sets(), st.integers(-6, 6))
def test_shifting_moves_every_member(found: IntervalSet, offset: int) -> None:
    for value in REACH:
        assert (value + offset in found.shifted(offset)) == (value in found)


@given(st.integers(1, 6), st.integers(1, 6))
def test_apart_is_sharing_no_byte(first: int, second: int) -> None:
    for distance in REACH:
        shared = set(range(first)) & set(range(distance, distance + second))
        assert (distance in apart(first, second)) == (not shared)
