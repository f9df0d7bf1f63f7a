from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.fake_kernels import kernel, view
from tests.support.graphs import GraphBuilder
from tinygen.errors import ModelError
from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, Overlap, Placement, Scratch
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.planning import lifetimes
from tinygen.planning.lifetimes import Liveness, analyse
from tinygen.planning.views import resolve


def live(graph: Graph, candidates: list[Candidate], *, keep_inputs: bool = False) -> Liveness:
    calls = [item for item in candidates if item.call is not None]
    return analyse(graph, calls, resolve(graph, candidates), keep_inputs=keep_inputs)


def lifetime(liveness: Liveness, tensor: int) -> tuple[int, int]:
    buffer = liveness.buffers[liveness.views[tensor].buffer]
    return buffer.first, buffer.last


def shared(liveness: Liveness, source: int, target: int) -> IntervalSet | None:
    a, b = liveness.views[source].buffer, liveness.views[target].buffer
    assert a < b
    return liveness.shared.get((a, b))


def test_lifetimes_are_exact() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    first = builder.op("A", [source], [8])
    second = builder.op("B", [first], [8])
    third = builder.op("C", [first, second], [8])
    graph = builder.graph(third)
    liveness = live(graph, [kernel((op,), graph, scratch=[Scratch("s", 8)]) for op in graph.ops])
    assert [lifetime(liveness, key) for key in (source, first, second, third)] == [
        (-1, 0),
        (0, 2),
        (1, 2),
        (2, 3),
    ]
    scratches = [liveness.buffers[names["s"]] for names in liveness.scratch]
    assert [(item.first, item.last) for item in scratches] == [(0, 0), (1, 1), (2, 2)]


def test_views_take_no_step_and_prolong_the_buffer() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    same = builder.op("VIEW", [source], [2, 4])
    first = builder.op("A", [source], [8])
    second = builder.op("B", [same, first], [8])
    graph = builder.graph(second)
    a, b, c = graph.ops
    liveness = live(graph, [view((a,), graph), kernel((b,), graph), kernel((c,), graph)])
    assert liveness.steps == 2
    assert lifetime(liveness, source) == (-1, 1)


def in_place(graph: Graph, step: int = 0) -> Candidate:
    return kernel((graph.ops[step],), graph, in_place=True)


def test_an_input_that_dies_may_be_overwritten() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    first = builder.op("A", [source], [8])
    graph = builder.graph(first)
    assert shared(live(graph, [in_place(graph)]), source, first) == apart(8, 8) | IntervalSet.of((0, 0))
    assert shared(live(graph, [in_place(graph)], keep_inputs=True), source, first) is None


def test_an_input_that_is_read_again_may_not() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    first = builder.op("A", [source], [8])
    second = builder.op("B", [source, first], [8])
    graph = builder.graph(second)
    liveness = live(graph, [in_place(graph, 0), in_place(graph, 1)])
    assert shared(liveness, source, first) is None
    assert shared(liveness, source, second) is not None


def test_distances_move_with_the_views() -> None:
    """The input is the last half of a buffer of which the first half is dead."""
    builder = GraphBuilder()
    source = builder.input([16])
    half = builder.op("SLICE", [source], [8])
    result = builder.op("A", [half], [8])
    graph = builder.graph(result)
    cut = view((graph.ops[0],), graph, Placement(half, source, 8))
    liveness = live(graph, [cut, in_place(graph, 1)])
    assert shared(liveness, source, result) == IntervalSet.of((None, 0), (8, 8), (16, None))


def test_another_view_that_is_read_too_is_kept_apart() -> None:
    builder = GraphBuilder()
    source = builder.input([16])
    low, high = (builder.op("SLICE", [source], [8]) for _ in range(2))
    result = builder.op("A", [low, high], [8])
    graph = builder.graph(result)
    cuts = [
        view((graph.ops[0],), graph, Placement(low, source, 0)),
        view((graph.ops[1],), graph, Placement(high, source, 8)),
    ]
    call = kernel((graph.ops[2],), graph)
    call = replace(call, overlaps=(Overlap(low, result, apart(8, 8) | IntervalSet.of((0, 0))),))
    assert shared(live(graph, [*cuts, call]), source, result) == IntervalSet.of(
        (None, -8), (0, 0), (16, None)
    )


def test_overlaps_hold_for_dense_tensors_only() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4, 8])
    half = builder.op("SPLIT", [source], [1, 4, 4])
    result = builder.op("A", [half], [1, 4, 4])
    graph = builder.graph(result)
    cut = view((graph.ops[0],), graph, Placement(half, source, 0, 8))
    assert shared(live(graph, [cut, in_place(graph, 1)]), source, result) == apart(28, 16)


def test_a_base_that_is_alive_already_is_kept_apart() -> None:
    """The second half of a joined tensor may not overwrite its input onto the first half."""
    builder = GraphBuilder()
    source = builder.input([8])
    first = builder.op("A", [source], [8])
    second = builder.op("B", [source], [8])
    joined = builder.op("CONCAT", [first, second], [16])
    graph = builder.graph(joined)
    placed = view((graph.ops[2],), graph, Placement(first, joined, 0), Placement(second, joined, 8))
    liveness = live(graph, [in_place(graph, 0), in_place(graph, 1), placed])
    assert lifetime(liveness, joined) == (0, 2)
    assert shared(liveness, source, joined) is None


def test_several_overlaps_of_a_pair_must_all_hold() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    result = builder.op("A", [source, source], [8])
    graph = builder.graph(result)
    call = kernel((graph.ops[0],), graph)
    sets = (IntervalSet.of((-3, 0)), IntervalSet.of((-1, 2)))
    overlaps = tuple(Overlap(source, result, apart(8, 8) | item) for item in sets)
    found = shared(live(graph, [replace(call, overlaps=overlaps)]), source, result)
    assert found == apart(8, 8) | IntervalSet.of((-1, 0))


def test_a_second_output_that_nobody_reads_keeps_its_bytes() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    kept, unread = builder.tensor([8]), builder.tensor([8])
    builder.op_into("A", [source], [kept, unread])
    graph = builder.graph(kept)
    liveness = live(graph, [in_place(graph)])
    assert lifetime(liveness, unread) == (0, 0)
    pair = liveness.views[kept].buffer, liveness.views[unread].buffer
    assert pair in liveness.conflicts
    assert pair not in liveness.shared


def test_too_many_live_tensors_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifetimes, "_MAX_CONFLICTS", 5)
    builder = GraphBuilder()
    values = [builder.input([8]) for _ in range(4)]
    graph = builder.graph(builder.op("A", values, [8]))
    with pytest.raises(ModelError, match="too many tensors alive"):
        live(graph, [kernel((graph.ops[0],), graph)])
