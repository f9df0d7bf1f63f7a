"""Buffers with exact lifetimes, and which pairs of them may share bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from tinygen.errors import ModelError
from tinygen.ir import Graph, Op
from tinygen.kernels.interface import Candidate
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.planning.plan import Buffer, BufferKind, View
from tinygen.planning.views import Location, dense_pitch, span

Pair = tuple[int, int]
"""Ids of two buffers."""

TENSOR_ALIGN = 4
"""Bytes; lets kernels read int8 data by words."""

_MAX_CONFLICTS = 100_000
"""Pairs of buffers alive together; a model of a microcontroller has some hundreds."""


@dataclass(frozen=True)
class Liveness:
    """What has to be placed.

    Attributes:
        buffers: all, by id.
        views: where each tensor lives that a call or the caller touches, by tensor id.
        scratch: for each step, buffer id by scratch name.
        conflicts: pairs (a, b), a < b, of arena buffers alive at the same step.
        shared: for some of the conflicts (a, b), the allowed values of offset(b) - offset(a); all other
            conflicting buffers must lie apart.
        steps: number of steps.
    """

    buffers: Mapping[int, Buffer]
    views: Mapping[int, View]
    scratch: tuple[Mapping[str, int], ...]
    conflicts: tuple[Pair, ...]
    shared: Mapping[Pair, IntervalSet]
    steps: int

    def arena(self) -> list[Buffer]:
        """The buffers that live in the arena, by id."""
        return [buffer for buffer in self.buffers.values() if in_arena(buffer)]

    def allowed(self, first: Buffer, second: Buffer) -> IntervalSet:
        """Allowed values of offset(second) - offset(first) for a conflicting pair, first.id < second.id."""
        return self.shared.get((first.id, second.id)) or apart(first.bytes, second.bytes)


def in_arena(buffer: Buffer) -> bool:
    """Whether the buffer lives in the arena; state has a place of its own."""
    return buffer.kind is not BufferKind.STATE


@dataclass
class _Range:
    first: int
    last: int

    def include(self, step: int) -> None:
        self.first, self.last = min(self.first, step), max(self.last, step)


class _Builder:
    """Collects the buffers of one schedule."""

    def __init__(
        self,
        graph: Graph,
        calls: Sequence[Candidate],
        locations: Mapping[int, Location],
        memories: tuple[str, ...],
    ) -> None:
        self.graph = graph
        self.calls = calls
        self.locations = locations
        self.memories = memories
        ops = {op.id: op for op in graph.ops}
        self.written = [_outputs(ops, call) for call in calls]

    def ranges(self, keep_inputs: bool) -> Mapping[int, _Range]:
        """Lifetime of each buffer, by the tensor that owns its bytes."""
        ranges: dict[int, _Range] = {}
        end = len(self.calls)

        def touch(tensor: int, step: int) -> None:
            root = self.locations[tensor].root
            ranges.setdefault(root, _Range(step, step)).include(step)

        for tensor in self.graph.inputs:
            touch(tensor, -1)
            if keep_inputs:
                touch(tensor, end)
        for step, call in enumerate(self.calls):
            for operand in call.operands:
                touch(operand.tensor, step)
        for tensor in self.graph.outputs:
            touch(tensor, end)
        for variable in self.graph.variables:
            touch(variable.id, -1)
            touch(variable.id, end)
        return ranges

    def buffers(self, ranges: Mapping[int, _Range]) -> dict[int, Buffer]:
        """A buffer per owner of bytes, by tensor id; their ids count from 0 in order of first use."""
        io = {self.locations[key].root for key in (*self.graph.inputs, *self.graph.outputs)}
        made: dict[int, Buffer] = {}
        for root, found in sorted(ranges.items(), key=lambda item: (item[1].first, item[0])):
            tensor = self.graph.tensors[root]
            kind = BufferKind.IO if root in io else BufferKind.ACTIVATION
            made[root] = Buffer(
                id=len(made),
                name=tensor.name,
                bytes=_bytes(self.graph, root, self.locations[root].pitch),
                align=max(TENSOR_ALIGN, tensor.dtype.bytes),
                first=found.first,
                last=found.last,
                kind=BufferKind.STATE if tensor.variable else kind,
                memories=self.memories,
            )
        return made

    def scratch(self, first_id: int) -> tuple[list[Buffer], tuple[Mapping[str, int], ...]]:
        """A buffer per scratch of each call."""
        made: list[Buffer] = []
        names = []
        for step, call in enumerate(self.calls):
            names.append({item.name: first_id + len(made) + k for k, item in enumerate(call.scratch)})
            made += [
                Buffer(
                    id=names[-1][item.name],
                    name=item.name,
                    bytes=item.bytes,
                    align=item.align,
                    first=step,
                    last=step,
                    kind=BufferKind.SCRATCH,
                    memories=self.memories,
                )
                for item in call.scratch
            ]
        return made, tuple(names)

    def shared(self, by_root: Mapping[int, Buffer]) -> dict[Pair, IntervalSet]:
        """Allowed distances of buffers that die at a call from those born there."""
        found: dict[Pair, IntervalSet] = {}
        for step, call in enumerate(self.calls):
            outputs = self.written[step]
            busy = {self.locations[tensor].root for tensor in outputs}
            for operand in call.operands:
                source = self.locations[operand.tensor].root
                if operand.tensor in outputs or source in busy or by_root[source].last != step:
                    continue
                for output in outputs:
                    target = self.locations[output].root
                    if by_root[target].first != step:
                        continue
                    allowed = self._distances(call, operand.tensor, output)
                    a, b = by_root[source].id, by_root[target].id
                    if a > b:
                        a, b, allowed = b, a, _negated(allowed)
                    found[a, b] = found[a, b] & allowed if (a, b) in found else allowed
        return found

    def _distances(self, call: Candidate, source: int, target: int) -> IntervalSet:
        """Allowed distances of the buffers of an input and an output of `call`, for these two tensors."""
        read, written = self.locations[source], self.locations[target]
        first, second = self.graph.tensors[source], self.graph.tensors[target]
        allowed = apart(span(first, read.pitch), span(second, written.pitch))
        if _dense(first.elements, read.pitch, dense_pitch(first)) and _dense(
            second.elements, written.pitch, dense_pitch(second)
        ):
            listed = [
                overlap.allowed
                for overlap in call.overlaps
                if (overlap.input, overlap.output) == (source, target)
            ]
            if listed:
                allowed = allowed | reduce(and_, listed)
        return allowed.shifted(read.offset - written.offset)


def _dense(elements: int, pitch: int, row: int) -> bool:
    return row in (pitch, elements)


def _bytes(graph: Graph, root: int, pitch: int) -> int:
    """Size of a buffer; a kernel that insists on a pitch may also touch the gaps it leaves."""
    tensor = graph.tensors[root]
    return tensor.elements // max(1, dense_pitch(tensor)) * pitch * tensor.dtype.bytes


def _outputs(ops: Mapping[int, Op], call: Candidate) -> tuple[int, ...]:
    """The operands that `call` writes or updates."""
    covered = [ops[key] for key in call.covers]
    made = {tensor for op in covered for tensor in (*op.outputs, *op.updates)}
    return tuple(sorted(made.intersection(operand.tensor for operand in call.operands)))


def _negated(allowed: IntervalSet) -> IntervalSet:
    return IntervalSet.of(
        *((None if high is None else -high, None if low is None else -low) for low, high in allowed)
    )


def _conflicts(buffers: Sequence[Buffer]) -> Iterator[Pair]:
    """Pairs alive at the same step, by a sweep over time."""
    alive: list[Buffer] = []
    for buffer in sorted(buffers, key=lambda item: (item.first, item.id)):
        alive = [other for other in alive if other.last >= buffer.first]
        for other in alive:
            yield min(buffer.id, other.id), max(buffer.id, other.id)
        if buffer.bytes:
            alive.append(buffer)


def analyse(
    graph: Graph,
    calls: Sequence[Candidate],
    locations: Mapping[int, Location],
    *,
    keep_inputs: bool = False,
    memories: tuple[str, ...] = (),
) -> Liveness:
    """Buffers of a schedule.

    Graph inputs live from step -1 and outputs to the step after the last; a buffer lives as long as any
    tensor in it. An input that dies at a call may share bytes with an output born there as the call's
    `Overlap`s say, provided that nothing else in its buffer is alive.

    Args:
        graph: the graph.
        calls: chosen candidates that have a call, in execution order.
        locations: of all activations.
        keep_inputs: keep graph inputs unchanged to the end of the run.
        memories: names of the memories that may hold the buffers.

    Raises:
        ModelError: when far more tensors are alive together than any microcontroller could hold.
    """
    builder = _Builder(graph, calls, locations, memories)
    by_root = builder.buffers(builder.ranges(keep_inputs))
    scratch, names = builder.scratch(len(by_root))
    buffers = [*by_root.values(), *scratch]
    conflicts = []
    for pair in _conflicts([buffer for buffer in buffers if in_arena(buffer) and buffer.bytes]):
        conflicts.append(pair)
        if len(conflicts) > _MAX_CONFLICTS:
            raise ModelError(
                "The model keeps too many tensors alive at the same time.",
                why=[f"More than {_MAX_CONFLICTS:,} pairs of its {len(buffers):,} buffers must lie apart."],
            )
    touched = {operand.tensor for call in calls for operand in call.operands}
    touched.update(graph.inputs, graph.outputs, (variable.id for variable in graph.variables))
    views = {
        tensor: View(by_root[found.root].id, found.offset, found.pitch)
        for tensor, found in locations.items()
        if tensor in touched
    }
    return Liveness(
        buffers={buffer.id: buffer for buffer in buffers},
        views=views,
        scratch=names,
        conflicts=tuple(sorted(conflicts)),
        shared=builder.shared(by_root),
        steps=len(calls),
    )
