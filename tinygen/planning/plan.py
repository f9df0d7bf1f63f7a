"""The Plan: which kernel computes what, in which order, and where every byte of it lives."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, Constant, ControlFlow, PitchOf, Refusal


class Objective(enum.Enum):
    """What planning minimises first."""

    SPEED = "speed"
    SIZE = "size"
    RAM = "ram"
    BALANCED = "balanced"


class BufferKind(enum.Enum):
    """What a buffer is for."""

    IO = "io"
    ACTIVATION = "activation"
    SCRATCH = "scratch"
    STATE = "state"
    NPU = "npu"


@dataclass(frozen=True)
class Buffer:
    """A range of bytes with a lifetime.

    Attributes:
        id: unique in the plan.
        name: of the tensor it was made for, or of the scratch.
        bytes, align: size and alignment.
        first, last: steps between which it holds its value, both included; -1 is before the first step
            (graph inputs), the number of steps is after the last (graph outputs).
        kind: what it is for.
        memories: names of the memories that may hold it, best first; empty for any.
    """

    id: int
    name: str
    bytes: int
    align: int
    first: int
    last: int
    kind: BufferKind
    memories: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """Where a tensor lives.

    Attributes:
        buffer: id of the buffer.
        offset: bytes from the buffer's start.
        pitch: elements from one pixel to the next.
    """

    buffer: int
    offset: int
    pitch: int


@dataclass(frozen=True)
class KernelCall:
    """A step that calls a kernel.

    Attributes:
        index: position among the steps.
        name: the model's name for the layer: that of the tensor which the last op it covers writes first.
        candidate: the chosen candidate; its `covers` are op ids of the plan's graph.
        scratch: buffer id by scratch name.
    """

    index: int
    name: str
    candidate: Candidate
    scratch: Mapping[str, int]


@dataclass(frozen=True)
class Branch:
    """A step that runs one of two plans: the one of its op's first subgraph where its first input is true.

    Attributes:
        index, name, candidate, scratch: as of a `KernelCall`. The candidate's scratch `ARENA` holds the
            arena of whichever plan runs.
        plans: of the op's subgraphs, in its order. Tensors are copied between the op and the plan's graph;
            inputs that a plan does not read and outputs that are constants are not among those of its graph.
    """

    index: int
    name: str
    candidate: Candidate
    scratch: Mapping[str, int]
    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Loop:
    """A step that runs the plan of its op's second subgraph as long as that of the first gives true.

    What the loop carries is kept in the op's outputs. Attributes are those of a `Branch`.
    """

    index: int
    name: str
    candidate: Candidate
    scratch: Mapping[str, int]
    plans: tuple[Plan, ...]


Step = KernelCall | Branch | Loop

ARENA = "arena"
"""Scratch of a branch or loop."""


@dataclass(frozen=True)
class SubPlans(ControlFlow):
    """What a candidate for a control-flow op runs: plans of its subgraphs."""

    plans: tuple[Plan, ...]


def all_constants(candidate: Candidate) -> Iterator[Constant]:
    """Everything that a candidate stores, and what its plans do."""
    yield from candidate.constants
    if isinstance(candidate.call, SubPlans):
        for plan in candidate.call.plans:
            for step in plan.steps:
                yield from all_constants(step.candidate)


@dataclass(frozen=True)
class Decision:
    """What was chosen for a region and what was not.

    Attributes:
        covers: op ids of the region.
        chosen: "set/name" of the winner.
        losers: ("set/name" or set, reason) of each losing candidate and refusal.
    """

    covers: tuple[int, ...]
    chosen: str
    losers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Bounds:
    """How good the memory plan is.

    Attributes:
        arena: bytes of the arena as placed.
        lower_bound: bytes that no placement of these steps in this order can go below.
        peak_step: index of the first step that sets the bound; -1 where the graph's inputs alone do.
    """

    arena: int
    lower_bound: int
    peak_step: int


@dataclass(frozen=True)
class Plan:
    """Everything code generation needs.

    Attributes:
        graph: the graph after passes.
        steps: in execution order; chosen candidates without a call make none.
        buffers: all buffers, by id.
        offsets: byte offset in the arena of each buffer that lives there, by buffer id.
        views: where each activation lives that a step or the caller touches, by tensor id.
        bounds: size of the arena and its lower bound.
        decisions: one per chosen candidate, in execution order.
    """

    graph: Graph
    steps: tuple[Step, ...]
    buffers: Mapping[int, Buffer]
    offsets: Mapping[int, int]
    views: Mapping[int, View]
    bounds: Bounds
    decisions: tuple[Decision, ...]

    def calls(self) -> Iterator[KernelCall]:
        """Every kernel call, also those in branches and loops."""
        for step in self.steps:
            if isinstance(step, KernelCall):
                yield step
            else:
                for plan in step.plans:
                    yield from plan.calls()

    def in_arena(self, tensor: int) -> bool:
        """Whether a tensor lies in the arena; variables and what is read in place from them do not."""
        return self.views[tensor].buffer in self.offsets

    def address(self, tensor: int) -> int:
        """Byte offset of a tensor's first element in the arena, where it lies there."""
        view = self.views[tensor]
        return self.offsets[view.buffer] + view.offset

    def parameter(self, value: int | float | PitchOf) -> int | float:
        """The number that a call's parameter stands for."""
        return self.views[value.tensor].pitch if isinstance(value, PitchOf) else value

    def scratch_bytes(self) -> int:
        """Bytes of the largest step's scratch."""
        return max(
            (sum(self.buffers[key].bytes for key in step.scratch.values()) for step in self.steps), default=0
        )


@dataclass(frozen=True)
class Unsolved:
    """An op that no allowed kernel set computes."""

    op: int
    refusals: tuple[Refusal, ...]
