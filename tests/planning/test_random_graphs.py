"""Plans of random graphs, run on a model of the arena that knows what every byte holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_kernels import HOST, FakeSet, kernel, view
from tests.support.graphs import GraphBuilder
from tinygen.ir import Graph, Op
from tinygen.kernels.interface import Operand, Placement, Proposal, Region, Scratch
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.planning import Plan, solve

Tag = tuple[int, int]
"""A byte's value: which tensor was computed, and which of its bytes."""

FORWARD = IntervalSet.of((None, -3))
REVERSE = IntervalSet.of((5, None))


def rule(region: Region, graph: Graph) -> Proposal:
    (op,) = region
    if op.kind == "VIEW":
        return [view(region, graph)]
    if op.kind == "CONCAT":
        copy = kernel(region, graph, name="copy")
        widths = [graph.tensors[key or 0].shape[-1] for key in op.inputs]
        pitch = sum(widths)
        placements = tuple(
            Placement(key or 0, op.outputs[0], sum(widths[:number]), pitch)
            for number, key in enumerate(op.inputs)
        )
        return [view(region, graph, *placements), copy]
    extra = {"FORWARD": FORWARD, "REVERSE": REVERSE}.get(op.kind)
    scratch = [Scratch("work", 5)] if op.kind == "CONV" else []
    found = kernel(region, graph, in_place=op.kind == "ADD", extra=extra, scratch=scratch)
    if op.kind == "WIDE":
        source, result = found.operands
        pitch = graph.tensors[result.tensor].shape[-1] + 1
        wide = (source, Operand(result.tensor, pitch=pitch))
        return [replace(found, operands=wide, name="wide"), found]
    return [found]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    builder = GraphBuilder()
    live = [builder.input([3, draw(st.integers(1, 4))]) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(0, 8))):
        source = draw(st.sampled_from(live))
        rows, width = _pixels(builder, source)
        kind = draw(st.sampled_from(["CONV", "WIDE", "ADD", "FORWARD", "REVERSE", "VIEW", "CONCAT"]))
        if kind == "VIEW":
            live.append(builder.op(kind, [source], [rows * width]))
        elif kind == "CONCAT":
            others = [key for key in live if _pixels(builder, key)[0] == rows]
            second = draw(st.sampled_from(others))
            shape = [rows, width + _pixels(builder, second)[1]]
            live.append(builder.op(kind, [source, second], shape))
        elif kind == "ADD":
            same = [key for key in live if builder.tensors[key].shape == builder.tensors[source].shape]
            live.append(builder.op(kind, [source, draw(st.sampled_from(same))], [rows, width]))
        else:
            live.append(builder.op(kind, [source], [rows, draw(st.integers(1, 4))]))
    outputs = draw(st.lists(st.sampled_from(live), min_size=1, max_size=3))
    return builder.graph(*outputs)


def _pixels(builder: GraphBuilder, key: int) -> tuple[int, int]:
    tensor = builder.tensors[key]
    return tensor.elements // tensor.shape[-1], tensor.shape[-1]


def tags(graph: Graph) -> dict[int, list[Tag]]:
    """What the bytes of every tensor hold, in order."""
    held = {key: [(key, byte) for byte in range(graph.tensors[key].bytes)] for key in graph.tensors}
    for op in graph.ops:
        if op.kind == "VIEW":
            held[op.outputs[0]] = held[op.inputs[0] or 0]
        elif op.kind == "CONCAT":
            parts = [(held[key or 0], graph.tensors[key or 0].shape[-1]) for key in op.inputs]
            rows = graph.tensors[op.inputs[0] or 0].elements // parts[0][1]
            held[op.outputs[0]] = [
                byte for row in range(rows) for part, width in parts for byte in part[row * width :][:width]
            ]
    return held


@dataclass
class Arena:
    """Bytes by address, and the tags they hold."""

    plan: Plan
    held: dict[int, list[Tag]]
    memory: dict[int, Tag] = field(default_factory=dict)

    def addresses(self, key: int) -> list[int]:
        tensor, start = self.plan.graph.tensors[key], self.plan.address(key)
        width, pitch = tensor.shape[-1], self.plan.views[key].pitch
        return [start + byte // width * pitch + byte % width for byte in range(tensor.bytes)]

    def write(self, key: int) -> None:
        self.memory.update(zip(self.addresses(key), self.held[key], strict=True))

    def check(self, key: int) -> None:
        assert [self.memory.get(address) for address in self.addresses(key)] == self.held[key]


def run(plan: Plan, *, keep_inputs: bool) -> None:
    """Execute the plan on tags: every read finds what was written for it."""
    arena = Arena(plan, tags(plan.graph))
    for key in plan.graph.inputs:
        arena.write(key)
    for step in plan.steps:
        (op,) = (op for op in plan.graph.ops if op.id in step.candidate.covers)
        work = set()
        for key in step.scratch.values():
            work |= set(range(plan.offsets[key], plan.offsets[key] + plan.buffers[key].bytes))
        arena.memory.update((address, (-1, 0)) for address in work)
        for source in op.inputs:
            arena.check(source or 0)
            check_distance(arena, step.candidate.name, op, source or 0)
        arena.write(op.outputs[0])
        assert not work & set(arena.addresses(op.outputs[0]))
        assert max(arena.addresses(op.outputs[0])) < plan.bounds.arena
    for key in (*plan.graph.outputs, *(plan.graph.inputs if keep_inputs else ())):
        arena.check(key)


def check_distance(arena: Arena, name: str, op: Op, source: int) -> None:
    """A kernel's input and output share bytes at an allowed distance only."""
    plan, result = arena.plan, op.outputs[0]
    if not set(arena.addresses(source)) & set(arena.addresses(result)):
        return
    distance = plan.address(result) - plan.address(source)
    assert name in ("add", "forward", "reverse")
    allowed = {"add": IntervalSet.of((0, 0)), "forward": FORWARD, "reverse": REVERSE}[name]
    sizes = plan.graph.tensors[source].bytes, plan.graph.tensors[result].bytes
    assert distance in allowed | apart(*sizes)


@settings(max_examples=300, deadline=None)
@given(graphs(), st.booleans())
def test_every_read_finds_what_was_written_for_it(graph: Graph, keep_inputs: bool) -> None:
    plan = solve(graph, [FakeSet(rule)], HOST, keep_inputs=keep_inputs)
    assert plan.bounds.lower_bound <= plan.bounds.arena
    run(plan, keep_inputs=keep_inputs)
