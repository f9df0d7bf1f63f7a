from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.planning import place as placement
from tinygen.planning.bound import lower_bound, most_shared, step_bytes
from tinygen.planning.lifetimes import Liveness, Pair
from tinygen.planning.place import arena_bytes, forbidden, place
from tinygen.planning.plan import Buffer, BufferKind


def liveness(
    spans: list[tuple[int, int, int]], shared: dict[Pair, IntervalSet] | None = None, align: int = 1
) -> Liveness:
    """Buffers from (bytes, first, last)."""
    buffers = {
        key: Buffer(key, f"b{key}", size, align, first, last, BufferKind.ACTIVATION)
        for key, (size, first, last) in enumerate(spans)
    }
    conflicts = tuple(
        (a.id, b.id)
        for a in buffers.values()
        for b in buffers.values()
        if a.id < b.id and a.first <= b.last and b.first <= a.last and a.bytes and b.bytes
    )
    steps = max(last for _, _, last in spans)
    return Liveness(buffers, {}, (), conflicts, shared or {}, steps)


@st.composite
def problems(draw: st.DrawFn) -> Liveness:
    """Up to five small buffers; those that die where others are born may overlap at random distances."""
    spans = []
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(-1, 3))
        spans.append((draw(st.integers(0, 4)), first, draw(st.integers(first, min(4, first + 2)))))
    shared = {}
    for a, (a_bytes, a_first, a_last) in enumerate(spans):
        for b, (b_bytes, b_first, b_last) in enumerate(spans):
            if a < b and (a_last == b_first or b_last == a_first) and draw(st.booleans()):
                if max(a_first, b_first) != min(a_last, b_last):
                    continue
                if (a_first, a_last) == (b_first, b_last):
                    continue
                low = draw(st.integers(-4, 4))
                extra = IntervalSet.of((low, low + draw(st.integers(0, 2))))
                shared[a, b] = apart(a_bytes, b_bytes) | extra
    return liveness(spans, shared)


def legal(found: Liveness, offsets: dict[int, int]) -> bool:
    return all(
        offsets[b] - offsets[a] in found.allowed(found.buffers[a], found.buffers[b])
        for a, b in found.conflicts
    )


def optimum(found: Liveness) -> int:
    """The smallest arena, by trying every offset."""
    buffers = [item for item in found.arena() if item.bytes]
    conflicts = set(found.conflicts)

    def fits(placed: dict[int, int], top: int) -> bool:
        if len(placed) == len(buffers):
            return True
        this = buffers[len(placed)]
        limits = [
            (placed[other.id], found.allowed(other, this))
            for other in buffers[: len(placed)]
            if (other.id, this.id) in conflicts
        ]
        return any(
            all(offset - start in allowed for start, allowed in limits)
            and fits({**placed, this.id: offset}, top)
            for offset in range(top - this.bytes + 1)
        )

    return next(top for top in range(sum(item.bytes for item in buffers) + 1) if fits({}, top))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_placement_is_legal_and_between_bound_and_optimum(found: Liveness) -> None:
    bound = lower_bound(found)
    offsets = place(found, goal=bound.bytes, peak=bound.step)
    placed = arena_bytes(found, offsets)
    assert legal(found, dict(offsets))
    assert bound.bytes <= optimum(found) <= placed
    if not found.shared:
        assert placed == optimum(found)


@settings(max_examples=50, deadline=None)
@given(problems(), st.integers(0, 3))
def test_placement_is_deterministic(found: Liveness, seed: int) -> None:
    assert place(found, seed=seed) == place(found, seed=seed)


def test_offsets_are_aligned() -> None:
    found = liveness([(5, 0, 1), (7, 0, 1), (3, 0, 1)], align=4)
    offsets = place(found, goal=0)
    assert sorted(offsets.values()) == [0, 8, 12] or sorted(offsets.values()) == [0, 4, 12]
    assert all(offset % 4 == 0 for offset in offsets.values())


def test_a_distance_that_is_no_multiple_of_the_alignment_is_not_used() -> None:
    shared = {(0, 1): apart(8, 8) | IntervalSet.of((-3, -1), (1, 3))}
    offsets = place(liveness([(8, 0, 1), (8, 1, 2)], shared, align=4))
    assert sorted(offsets.values()) == [0, 8]


def test_the_search_finds_what_no_simple_order_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    lifetimes = [(8, 7, 7), (4, 6, 6), (8, 5, 5), (3, 5, 6), (5, 6, 7)]
    lifetimes += [(2, 2, 2), (2, 0, 2), (8, 1, 2), (7, 5, 7), (2, 3, 3)]
    found = liveness(lifetimes)
    bound = lower_bound(found)
    assert arena_bytes(found, place(found, goal=bound.bytes, peak=bound.step)) == bound.bytes == 20
    monkeypatch.setattr(placement, "_WORK", 0)
    assert arena_bytes(found, place(found, goal=bound.bytes, peak=bound.step)) == 22


def test_expanding_in_reverse_saves_what_the_distance_allows() -> None:
    """An output twice the input's size may start at or below the input, or end above it."""
    shared = {(0, 1): apart(10, 20) | IntervalSet.of((None, -7))}
    found = liveness([(10, -1, 0), (20, 0, 1)], shared)
    assert lower_bound(found).bytes == 20
    assert arena_bytes(found, place(found, goal=20)) == 20


def test_empty_buffers_take_no_room() -> None:
    found = liveness([(0, 0, 1), (8, 0, 1)])
    assert place(found) == {0: 0, 1: 0}
    assert arena_bytes(found, place(found)) == 8


@pytest.mark.parametrize(
    ("allowed", "gaps"),
    [
        (apart(4, 8), ((-7, 3),)),
        (apart(4, 8) | IntervalSet.of((0, 0)), ((-7, -1), (1, 3))),
        (IntervalSet.of((None, None)), ()),
    ],
)
def test_forbidden_distances_are_the_gaps(allowed: IntervalSet, gaps: tuple[tuple[int, int], ...]) -> None:
    assert forbidden(allowed) == gaps


@given(
    st.integers(0, 6),
    st.integers(0, 6),
    st.lists(st.tuples(st.integers(-8, 8), st.integers(0, 4)), max_size=3),
)
def test_most_shared_is_the_maximum_over_all_distances(
    first: int, second: int, extra: list[tuple[int, int]]
) -> None:
    allowed = apart(first, second) | IntervalSet.of(*((low, low + size) for low, size in extra))
    distances = [distance for distance in range(-20, 20) if distance in allowed]
    bytes_shared = [
        len(set(range(first)) & set(range(distance, distance + second))) for distance in distances
    ]
    assert most_shared(first, second, allowed) == max(bytes_shared)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(-16, 16), st.integers(0, 9))
def test_most_shared_takes_distances_that_alignment_allows(
    first: int, second: int, low: int, size: int
) -> None:
    a, b = 4 * first, 4 * second
    allowed = apart(a, b) | IntervalSet.of((low, low + size))
    bytes_shared = [
        len(set(range(a)) & set(range(distance, distance + b)))
        for distance in range(-40, 40, 4)
        if distance in allowed
    ]
    assert most_shared(a, b, allowed, grain=4) == max(bytes_shared)


def test_the_bound_counts_what_alignment_costs() -> None:
    found = liveness([(5, 0, 1), (7, 0, 1), (2, 0, 1), (9, 1, 2)], align=4)
    assert step_bytes(found) == {-1: 0, 0: 17, 1: 29, 2: 9}
    assert arena_bytes(found, place(found)) == 29


def test_what_two_inputs_share_with_an_output_is_not_counted_twice() -> None:
    everywhere = IntervalSet.of((None, None))
    found = liveness([(8, -1, 0), (8, -1, 0), (8, 0, 1)], {(0, 2): everywhere, (1, 2): everywhere})
    assert step_bytes(found)[0] == 16


def test_the_bound_names_its_first_step_and_its_ties() -> None:
    bound = lower_bound(liveness([(8, -1, 0), (8, 0, 1), (8, 1, 2), (4, 2, 3)]))
    assert (bound.bytes, bound.step, bound.ties) == (16, 0, 2)
