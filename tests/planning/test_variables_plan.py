"""Variables in plans: order, reading in place, and their share of the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from tests.support.fake_kernels import HOST, kernel, view
from tests.support.graphs import GraphBuilder
from tinygen.errors import FitError
from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, Operand, Placement, Proposal, Region
from tinygen.planning import Plan, format_plan, solve
from tinygen.planning.plan import BufferKind
from tinygen.target import Memory, MemoryKind, Target


@dataclass(frozen=True)
class _Set:
    """Single ops and some regions more; VIEW can be read in place or copied, ASSIGN is copied.

    Attributes:
        regions_of: positions in the graph of the ops of each further region.
        joined: a kind whose inputs may lie one after the other in its output.
    """

    regions_of: tuple[tuple[int, ...], ...] = ()
    joined: str = ""
    name: str = "fake"

    def regions(self, graph: Graph) -> Sequence[Region]:
        return [(op,) for op in graph.ops] + [
            tuple(graph.ops[k] for k in region) for region in self.regions_of
        ]

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        if len(region) > 1:
            return [kernel(region, graph, name="region", cycles=1)]
        (op,) = region
        found = kernel(region, graph)
        updates = tuple(Operand(key) for key in op.updates if key not in op.inputs)
        candidates: list[Candidate] = [replace(found, operands=(*found.operands, *updates))]
        if op.kind == "VIEW":
            candidates.append(view(region, graph))
        if op.kind == self.joined:
            at, places = 0, []
            for key in op.inputs:
                assert key is not None
                places.append(Placement(key, op.outputs[0], at))
                at += graph.tensors[key].bytes
            candidates.append(view(region, graph, *places))
        return candidates


def plan_of(graph: Graph, kernel_set: _Set | None = None, target: Target = HOST) -> Plan:
    return solve(graph, [kernel_set or _Set()], target)


def covers(plan: Plan) -> list[tuple[int, ...]]:
    return [step.candidate.covers for step in plan.steps]


def chosen(plan: Plan, op: int) -> str:
    return next(item.chosen for item in plan.decisions if item.covers == (op,))


def test_a_region_reads_a_variable_before_it_changes() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    old = builder.op("A", [source, state], [8])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    graph = builder.graph(builder.op("B", [old], [8]))
    assert covers(plan_of(graph)) == [(0,), (1,), (2,)]
    assert covers(plan_of(graph, _Set(regions_of=((0, 2),)))) == [(0, 2), (1,)]


def test_a_region_reads_a_variable_after_it_has_changed() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    first = builder.op("A", [source], [8])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    graph = builder.graph(builder.op("B", [first, state], [8]))
    assert covers(plan_of(graph, _Set(regions_of=((0, 2),)))) == [(1,), (0, 2)]


def test_a_region_that_needs_a_variable_both_before_and_after_is_not_taken() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    old = builder.op("A", [source, state], [8])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    graph = builder.graph(builder.op("B", [old, state], [8]))
    assert covers(plan_of(graph, _Set(regions_of=((0, 2),)))) == [(0,), (1,), (2,)]


def test_assignments_keep_their_order() -> None:
    builder = GraphBuilder()
    first, second = builder.input([8]), builder.input([8])
    state = builder.tensor([8], variable=True)
    slow = builder.op("A", [first], [8])
    builder.op_into("ASSIGN", [slow], [], updates=[state])
    builder.op_into("ASSIGN", [second], [], updates=[state])
    graph = builder.graph(builder.op("B", [slow], [8]))
    assert covers(plan_of(graph, _Set(regions_of=((0, 3),)))) in (
        [(0, 3), (1,), (2,)],
        [(0,), (1,), (2,), (3,)],
    )


def reader(*, late: bool, output: bool = False) -> Graph:
    """A view of a variable that is used before or after the variable changes, or is an output."""
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    old = builder.op("VIEW", [state], [2, 4])
    if not late:
        result = builder.op("A", [old], [8])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    if late:
        result = builder.op("A", [old], [8])
    return builder.graph(*((old,) if output else ()), result)


def test_a_variable_is_read_in_place_until_it_changes() -> None:
    plan = plan_of(reader(late=False))
    assert chosen(plan, 0) == "fake/view"
    assert not plan.in_arena(2)
    assert "1: fake/assign ops [2] %0@0 -> %1!" in format_plan(plan)


@pytest.mark.parametrize(("late", "output"), [(True, False), (False, True)])
def test_what_is_needed_after_a_variable_changed_is_copied_before(late: bool, output: bool) -> None:
    plan = plan_of(reader(late=late, output=output))
    assert plan.steps[0].candidate.call is not None
    assert plan.steps[0].candidate.covers == (0,)
    assert plan.in_arena(2)
    (reason,) = [reason for item in plan.decisions for _, reason in item.losers if "changes" in reason]
    assert reason == "%2 lies in %1, which changes before it is used"


def test_an_update_does_not_read_the_variable_it_writes_through_a_view() -> None:
    builder = GraphBuilder()
    builder.input([8])
    state = builder.tensor([8], variable=True)
    old = builder.op("VIEW", [state], [8])
    builder.op_into("ASSIGN", [old], [], updates=[state])
    plan = plan_of(builder.graph(builder.op("A", [0], [8])))
    assert plan.in_arena(old)


def test_a_view_of_a_variable_gives_way_to_a_place_elsewhere() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    old = builder.op("VIEW", [state], [8])
    new = builder.op("A", [source], [8])
    both = builder.op("JOIN", [old, new], [16])
    builder.op_into("ASSIGN", [new], [], updates=[state])
    plan = plan_of(builder.graph(builder.op("B", [both], [8])), _Set(joined="JOIN"))
    assert plan.views[old].buffer == plan.views[both].buffer == plan.views[new].buffer
    assert [step.candidate.covers for step in plan.steps] == [(0,), (1,), (3,), (4,)]


def test_a_variable_is_no_part_of_another_tensor() -> None:
    builder = GraphBuilder()
    source = builder.input([8])
    state = builder.tensor([8], variable=True)
    both = builder.op("JOIN", [state, source], [16])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    plan = plan_of(builder.graph(both), _Set(joined="JOIN"))
    assert chosen(plan, 0) == "fake/join"
    assert plan.buffers[plan.views[state].buffer].kind is BufferKind.STATE


@pytest.mark.parametrize("shared", [True, False])
def test_state_takes_its_share_of_the_memory(shared: bool) -> None:
    holds = frozenset({"arena", "data"} if shared else {"arena"})
    memory = Memory("sram", 0, 50, MemoryKind.RAM, holds=holds)
    target = replace(HOST, memories=(memory,))
    builder = GraphBuilder()
    source = builder.input([24])
    state = builder.tensor([24], variable=True)
    graph = builder.graph(builder.op("SVDF", [source, state], [8], updates=[state]))
    assert plan_of(graph).bounds.arena == 32
    if not shared:
        assert plan_of(graph, target=target).bounds.arena == 32
        return
    with pytest.raises(FitError, match=r"the memory 'sram' beside 24 B of state has 26 B: 6 B too many"):
        plan_of(graph, target=target)
