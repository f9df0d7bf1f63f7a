"""Kernel sets for tests of planning: what they offer is data, nothing is ever called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinygen.ir import Graph
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Operand,
    Overlap,
    Placement,
    Proposal,
    Refusal,
    Region,
    Scratch,
)
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.target import Compiler, Memory, MemoryKind, Target

CALL = Call("fake/fake.h", "fake", None, ())
HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def chip(ram: int) -> Target:
    """A target with one memory for the arena."""
    memories = (
        Memory("flash", 0, 1 << 20, MemoryKind.FLASH, holds=frozenset({"code", "weights"})),
        Memory("sram", 0x2000_0000, ram, MemoryKind.RAM, holds=frozenset({"arena", "stack"})),
    )
    return Target("arm", "cortex-m4", frozenset(), memories, Compiler(("arm-none-eabi-",)))


def operands(region: Region, graph: Graph) -> tuple[Operand, ...]:
    """The activations that go into and come out of a region."""
    made = {key for op in region for key in op.outputs}
    inside = {
        key for key in made if key not in graph.outputs and all(op in region for op in graph.consumers(key))
    }
    if len(region) == 1:
        inside = set()
    named = [key for op in region for key in (*op.inputs, *op.outputs) if key is not None]
    return tuple(
        Operand(key)
        for key in dict.fromkeys(named)
        if key not in inside and not graph.tensors[key].is_constant
    )


def kernel(
    region: Region,
    graph: Graph,
    *,
    set_name: str = "fake",
    name: str = "",
    cycles: int = 100,
    flash: int = 10,
    scratch: Sequence[Scratch] = (),
    in_place: bool = False,
    extra: IntervalSet | None = None,
) -> Candidate:
    """A candidate for a region, called `kernel` by default.

    Args:
        in_place: allow distance 0 between every input and every output.
        extra: further distances to allow.
    """
    found = operands(region, graph)
    written = {key for op in region for key in op.outputs}
    overlaps = []
    if in_place or extra is not None:
        for read in (item.tensor for item in found if item.tensor not in written):
            for write in (item.tensor for item in found if item.tensor in written):
                allowed = apart(graph.tensors[read].bytes, graph.tensors[write].bytes)
                allowed |= IntervalSet.of((0, 0)) if in_place else IntervalSet()
                overlaps.append(Overlap(read, write, allowed | (extra or IntervalSet())))
    return Candidate(
        set=set_name,
        name=name or region[-1].kind.lower(),
        covers=tuple(op.id for op in region),
        operands=found,
        cost=Cost(instructions=cycles, cycles=cycles, flash=flash),
        call=CALL,
        scratch=tuple(scratch),
        overlaps=tuple(overlaps),
    )


def view(region: Region, graph: Graph, *placements: Placement, set_name: str = "fake") -> Candidate:
    """A candidate without a call; by default the output lies on the input's bytes."""
    (op,) = region
    default = (Placement(op.outputs[0], op.inputs[0] or 0),)
    return Candidate(
        set=set_name,
        name="view",
        covers=(op.id,),
        operands=operands(region, graph),
        cost=Cost(0, 0),
        call=None,
        placements=placements or default,
    )


Rule = Callable[[Region, Graph], Proposal]


@dataclass(frozen=True)
class FakeSet:
    """A kernel set from a function.

    Attributes:
        rule: answers for a region.
        windows: numbers of consecutive ops that regions have.
        name: of the set.
    """

    rule: Rule
    windows: tuple[int, ...] = (1,)
    name: str = "fake"

    def regions(self, graph: Graph) -> Sequence[Region]:
        count = len(graph.ops)
        return [graph.ops[start : start + size] for size in self.windows for start in range(count - size + 1)]

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        return self.rule(region, graph)


def plain(region: Region, graph: Graph) -> Proposal:
    """Views for VIEW, kernels in place for kinds that end in "!", plain kernels for the rest."""
    if region[-1].kind == "VIEW":
        return [view(region, graph)]
    if region[-1].kind == "UNKNOWN":
        return Refusal("fake", "fake has no kernel for UNKNOWN", "kind UNKNOWN")
    return [kernel(region, graph, in_place=region[-1].kind.endswith("!"))]


PLAIN = FakeSet(plain)
