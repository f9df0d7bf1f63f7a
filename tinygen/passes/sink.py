"""Reads of state, as late as they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tinygen.ir import Graph, Op


@dataclass(frozen=True)
class SinkReads:
    """Moves each VIEW of a variable down to the first op that uses it.

    Streaming models read all of their state first. Where a read is a copy, into the window that it is joined
    into, that window would take up memory from there on. A read stays in front of every op that updates its
    variable, so that it gives the same value.
    """

    name: ClassVar[str] = "sink-reads"

    def apply(self, graph: Graph) -> Graph:
        """The graph with the same ops in another order."""
        order: list[Op] = []
        waiting: list[Op] = []
        for op in graph.ops:
            if _reads_variable(graph, op):
                waiting.append(op)
                continue
            due = [read for read in waiting if _has_to_precede(read, op)]
            waiting = [read for read in waiting if read not in due]
            order += [*due, op]
        order += waiting
        return graph if tuple(order) == graph.ops else graph.with_ops(order)


def _reads_variable(graph: Graph, op: Op) -> bool:
    return op.kind == "VIEW" and graph.operand(op, 0).variable


def _has_to_precede(read: Op, op: Op) -> bool:
    """Whether `op` uses what was read, or changes what is read."""
    return bool(set(read.outputs) & set(op.inputs)) or bool(set(read.inputs) & set(op.updates))
