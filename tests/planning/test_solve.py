from __future__ import annotations

from dataclasses import replace

import pytest

from tests.conftest import Golden
from tests.support.fake_kernels import HOST, PLAIN, FakeSet, chip, kernel, plain, view
from tests.support.graphs import GraphBuilder
from tinygen.errors import FitError, ModelError
from tinygen.ir import DType, Graph
from tinygen.kernels.interface import Placement, Proposal, Refusal, Region, Scratch
from tinygen.planning import Objective, Plan, format_plan, solve
from tinygen.planning.plan import BufferKind


def residual_network() -> Graph:
    """A chain with a skip connection, views at both ends and in-place ops."""
    builder = GraphBuilder("residual")
    source = builder.input([1, 192])
    image = builder.op("VIEW", [source], [1, 8, 8, 3])
    trunk = builder.op("CONV", [image], [1, 8, 8, 8])
    branch = builder.op("CONV", [trunk], [1, 8, 8, 8])
    joined = builder.op("ADD!", [trunk, branch], [1, 8, 8, 8])
    pooled = builder.op("POOL", [joined], [1, 1, 1, 8])
    flat = builder.op("VIEW", [pooled], [1, 8])
    return builder.graph(builder.op("SOFTMAX!", [flat], [1, 8]))


def plan_of(graph: Graph, *sets: FakeSet, **options: object) -> Plan:
    return solve(graph, sets or (PLAIN,), HOST, **options)  # type: ignore[arg-type]


def test_the_plan_of_a_residual_network(golden: Golden) -> None:
    plan = plan_of(residual_network())
    golden("plans/residual.txt", format_plan(plan))
    assert plan.bounds.arena == plan.bounds.lower_bound == 1024
    assert [step.index for step in plan.steps] == list(range(5))
    assert plan.address(0) == plan.address(1)


def test_in_place_halves_a_chain() -> None:
    builder = GraphBuilder()
    value = builder.input([100])
    for _ in range(3):
        value = builder.op("RELU!", [value], [100])
    plan = plan_of(builder.graph(value))
    assert plan.bounds.arena == 100
    assert plan_of(builder.graph(value), keep_inputs=True).bounds.arena == 200


def test_kept_inputs_are_never_overwritten() -> None:
    builder = GraphBuilder()
    source = builder.input([100])
    first = builder.op("RELU", [source], [100])
    graph = builder.graph(builder.op("RELU", [first], [10]))
    plan = plan_of(graph, keep_inputs=True)
    assert plan.buffers[plan.views[source].buffer].last == len(plan.steps)
    assert plan.bounds.arena == 210


def test_an_output_read_later_is_not_overwritten() -> None:
    builder = GraphBuilder()
    first = builder.op("CONV", [builder.input([16])], [16])
    second = builder.op("RELU!", [first], [16])
    plan = plan_of(builder.graph(first, second))
    assert abs(plan.address(first) - plan.address(second)) >= 16


def test_a_tensor_may_be_an_output_twice() -> None:
    builder = GraphBuilder()
    first = builder.op("CONV", [builder.input([16])], [16])
    plan = plan_of(builder.graph(first, first))
    assert plan.bounds.arena == 32


def test_an_output_may_be_an_input() -> None:
    builder = GraphBuilder()
    source = builder.input([16])
    other = builder.op("RELU!", [source], [16])
    plan = plan_of(builder.graph(source, other))
    assert abs(plan.address(source) - plan.address(other)) >= 16


def test_a_graph_of_inputs_only_has_no_steps() -> None:
    builder = GraphBuilder()
    source = builder.input([16])
    plan = plan_of(builder.graph(source))
    assert plan.steps == ()
    assert plan.bounds.arena == plan.bounds.lower_bound == 16
    assert "0 steps" in format_plan(plan)


def test_an_output_may_be_a_view_of_an_input() -> None:
    builder = GraphBuilder()
    source = builder.input([4, 4])
    plan = plan_of(builder.graph(builder.op("VIEW", [source], [16])))
    (buffer,) = plan.buffers.values()
    assert (buffer.first, buffer.last, buffer.kind) == (-1, 0, BufferKind.IO)
    assert plan.views[0].buffer == plan.views[1].buffer


def test_an_unused_input_has_a_place_until_the_first_step() -> None:
    builder = GraphBuilder()
    used, unused = builder.input([16]), builder.input([16])
    plan = plan_of(builder.graph(builder.op("RELU", [used], [16])))
    buffer = plan.buffers[plan.views[unused].buffer]
    assert (buffer.first, buffer.last) == (-1, -1)
    assert plan.bounds.arena == 32


def test_a_constant_output_is_an_error() -> None:
    builder = GraphBuilder()
    builder.input([16])
    constant = builder.constant([1, 2], DType.INT8)
    with pytest.raises(ModelError, match=f"Output 'c{constant}' of the model is a constant"):
        plan_of(builder.graph(constant))


def test_every_op_without_a_kernel_is_named_with_the_reasons() -> None:
    builder = GraphBuilder()
    value = builder.op("UNKNOWN", [builder.input([16])], [16])
    value = builder.op("RELU", [value], [16])
    graph = builder.graph(builder.op("UNKNOWN", [value], [16]))
    with pytest.raises(ModelError) as caught:
        plan_of(graph)
    assert caught.value.why == (
        "op 0 UNKNOWN 't1': fake: fake has no kernel for UNKNOWN (found kind UNKNOWN)",
        "op 2 UNKNOWN 't3': fake: fake has no kernel for UNKNOWN (found kind UNKNOWN)",
    )
    assert caught.value.message.startswith("2 of the model's ops have no kernel")


def test_a_set_that_knows_no_region_leaves_its_name() -> None:
    builder = GraphBuilder()
    graph = builder.graph(builder.op("RELU", [builder.input([16])], [16]))
    with pytest.raises(ModelError, match="no kernel for RELU"):
        plan_of(graph, FakeSet(plain, windows=()))


def test_scratch_lies_apart_from_everything_alive() -> None:
    def rule(region: Region, graph: Graph) -> Proposal:
        return [kernel(region, graph, in_place=True, scratch=[Scratch("ring", 24, align=16)])]

    builder = GraphBuilder()
    graph = builder.graph(builder.op("CONV", [builder.input([20])], [20]))
    plan = plan_of(graph, FakeSet(rule))
    (key,) = plan.steps[0].scratch.values()
    assert plan.offsets[key] % 16 == 0
    assert plan.offsets[key] >= 20 or plan.address(0) >= 24
    assert plan.scratch_bytes() == 24
    assert plan.bounds.arena == 44
    assert "scratch ring@" in format_plan(plan)


def _fast_or_small(region: Region, graph: Graph) -> Proposal:
    fast = kernel(region, graph, name="fast", cycles=10, flash=100, scratch=[Scratch("tile", 1000)])
    small = kernel(region, graph, name="small", cycles=50, flash=20)
    return [small, fast]


def chain(length: int = 2) -> Graph:
    builder = GraphBuilder()
    value = builder.input([100])
    for _ in range(length):
        value = builder.op("CONV", [value], [100])
    return builder.graph(value)


def names(plan: Plan) -> list[str]:
    return [step.candidate.name for step in plan.steps]


def test_the_objective_chooses() -> None:
    sets = FakeSet(_fast_or_small)
    assert names(plan_of(chain(), sets)) == ["fast", "fast"]
    assert names(plan_of(chain(), sets, objective=Objective.SIZE)) == ["small", "small"]
    assert names(plan_of(chain(), sets, objective=Objective.BALANCED)) == ["small", "small"]
    assert names(plan_of(chain(), sets, objective=Objective.RAM)) == ["small", "small"]


def test_candidates_at_the_peak_give_way_to_the_budget(golden: Golden) -> None:
    plan = plan_of(chain(), FakeSet(_fast_or_small), budget=300)
    golden("plans/budget.txt", format_plan(plan))
    assert names(plan) == ["small", "small"]
    assert plan.bounds.arena == 200
    loser = plan.decisions[0].losers[0]
    assert loser == ("fake/fast", "given up for memory: 1,200 B at step 0")


def test_only_the_peak_gives_way() -> None:
    def rule(region: Region, graph: Graph) -> Proposal:
        small = kernel(region, graph, name="small", cycles=50)
        if region[0].id:
            return [kernel(region, graph, name="fast", cycles=10), small]
        return _fast_or_small(region, graph)

    assert names(plan_of(chain(), FakeSet(rule), budget=300)) == ["small", "fast"]


def test_too_small_a_memory_is_an_error_with_the_peak() -> None:
    with pytest.raises(FitError) as caught:
        solve(chain(), [PLAIN], chip(150))
    assert caught.value.message == (
        "The model needs 200 B of arena, and the memory 'sram' has 150 B: 50 B too many."
    )
    assert caught.value.why == ("The peak is at layer 0, 't1', with 200 B alive.",)
    with pytest.raises(FitError, match="the budget has 199 B: 1 B too many"):
        solve(chain(), [PLAIN], chip(1000), budget=199)
    assert solve(chain(), [PLAIN], chip(200)).bounds.arena == 200


def test_buffers_name_the_memories_of_the_target() -> None:
    plan = solve(chain(), [PLAIN], chip(1000))
    assert {buffer.memories for buffer in plan.buffers.values()} == {("sram",)}


def test_an_earlier_set_wins_whatever_its_cost() -> None:
    def slow(region: Region, graph: Graph) -> Proposal:
        if region[0].id == 1:
            return Refusal("own", "the layer is not the second")
        return [kernel(region, graph, set_name="own", cycles=10_000)]

    plan = plan_of(chain(3), FakeSet(slow, name="own"), PLAIN)
    assert [decision.chosen for decision in plan.decisions] == ["own/conv", "fake/conv", "own/conv"]
    assert plan.decisions[0].losers == (("fake/conv", "own comes before fake"),)
    assert plan.decisions[1].losers == (("own", "the layer is not the second"),)


def test_a_fused_region_wins_where_it_is_cheaper(golden: Golden) -> None:
    def rule(region: Region, graph: Graph) -> Proposal:
        if len(region) == 1:
            return [kernel(region, graph)]
        cheap = region[0].id in (1, 2)
        return [kernel(region, graph, name="pair", cycles=150 - region[0].id if cheap else 250)]

    plan = plan_of(chain(5), FakeSet(rule, windows=(1, 2)))
    golden("plans/fused.txt", format_plan(plan))
    assert [step.candidate.covers for step in plan.steps] == [(0,), (1,), (2, 3), (4,)]
    assert 3 not in plan.views
    assert plan.steps[2].name == "t4"


def test_a_region_cannot_hide_a_tensor_that_others_read() -> None:
    def rule(region: Region, graph: Graph) -> Proposal:
        pair = kernel(region, graph, name="pair", cycles=1)
        ends = (pair.operands[0], pair.operands[-1])
        return [kernel(region, graph)] if len(region) == 1 else [replace(pair, operands=ends)]

    builder = GraphBuilder()
    first = builder.op("CONV", [builder.input([16])], [16])
    second = builder.op("CONV", [first], [16])
    plan = plan_of(builder.graph(first, second), FakeSet(rule, windows=(1, 2)))
    assert len(plan.steps) == 2
    assert ("fake", "pair does not write %1, which other ops need") in plan.decisions[0].losers


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"covers": ()}, "covers ops"),
        ({"covers": (0, 1)}, "covers ops"),
        ({"call": None}, "neither a call nor a placement"),
    ],
)
def test_unusable_candidates_are_refusals(change: dict[str, object], reason: str) -> None:
    def rule(region: Region, graph: Graph) -> Proposal:
        return [replace(kernel(region, graph), **change)]  # type: ignore[arg-type]

    with pytest.raises(ModelError, match=reason):
        plan_of(chain(1), FakeSet(rule))


def test_regions_that_wait_for_each_other_are_given_up() -> None:
    """Ops 0 -> 2 and 1 -> 3 feed each other's regions (0, 3) and (1, 2)."""

    def regions(graph: Graph) -> list[Region]:
        a, b, c, d = graph.ops
        return [(a,), (b,), (c,), (d,), (a, d), (b, c)]

    class Crossed(FakeSet):
        def regions(self, graph: Graph) -> list[Region]:
            return regions(graph)

    def rule(region: Region, graph: Graph) -> Proposal:
        found = kernel(region, graph, cycles=1 if len(region) > 1 else 100)
        named = dict.fromkeys(key for op in region for key in (*op.inputs, *op.outputs))
        return [
            replace(found, operands=tuple(type(found.operands[0])(key) for key in named if key is not None))
        ]

    builder = GraphBuilder()
    source = builder.input([16])
    a = builder.op("CONV", [source], [16])
    b = builder.op("CONV", [source], [16])
    c = builder.op("ADD", [a, b], [16])
    d = builder.op("ADD", [b, a], [16])
    plan = plan_of(builder.graph(c, d), Crossed(rule))
    assert len(plan.steps) == 4


def test_a_candidate_that_contradicts_a_layout_gives_way() -> None:
    """A joined channel axis as a view loses against a copy where an input has another home already."""

    def rule(region: Region, graph: Graph) -> Proposal:
        (op,) = region
        if op.kind != "CONCAT":
            return [kernel(region, graph)]
        left, right = (key or 0 for key in op.inputs)
        placements = (Placement(left, op.outputs[0], 0, 8), Placement(right, op.outputs[0], 4, 8))
        return [view(region, graph, *placements), kernel(region, graph, name="copy")]

    builder = GraphBuilder()
    source = builder.input([1, 5, 4])
    left, right = (builder.op("CONV", [source], [1, 5, 4]) for _ in range(2))
    first = builder.op("CONCAT", [left, right], [1, 5, 8])
    alone = plan_of(builder.graph(first), FakeSet(rule))
    assert [step.candidate.name for step in alone.steps] == ["conv", "conv"]
    assert (alone.views[left].pitch, alone.address(right) - alone.address(left)) == (8, 4)
    second = builder.op("CONCAT", [right, left], [1, 5, 8])
    both = plan_of(builder.graph(first, second), FakeSet(rule))
    assert [step.candidate.name for step in both.steps] == ["conv", "conv", "copy"]
    assert ":8" in format_plan(both)
    reasons = [reason for decision in both.decisions for _, reason in decision.losers]
    assert any("lies inside" in reason for reason in reasons)


def test_planning_is_deterministic() -> None:
    texts = {format_plan(plan_of(residual_network())) for _ in range(3)}
    assert len(texts) == 1


def test_state_lives_outside_the_arena() -> None:
    builder = GraphBuilder()
    source = builder.input([16])
    state = builder.tensor([64], variable=True)
    plan = plan_of(builder.graph(builder.op("SVDF", [source, state], [16], updates=[state])))
    buffer = plan.buffers[plan.views[state].buffer]
    assert buffer.kind is BufferKind.STATE
    assert not plan.in_arena(state)
    assert plan.bounds.arena == 32
