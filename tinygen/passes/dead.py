"""Removal of ops that compute nothing anyone needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tinygen.ir import Graph


@dataclass(frozen=True)
class RemoveDeadOps:
    """Drops ops that no output and no variable depends on, and tensors that nothing names any more.

    Ops without outputs and ops that update a variable stay: they are there for their effect.
    """

    name: ClassVar[str] = "remove-dead-ops"

    def apply(self, graph: Graph) -> Graph:
        """The graph with live ops only; its inputs and outputs stay as they are."""
        needed = set(graph.outputs)
        live: set[int] = set()
        for op in reversed(graph.ops):
            if needed.intersection(op.outputs) or not op.outputs or op.updates:
                live.add(op.id)
                needed.update(key for key in op.inputs if key is not None)
        kept = graph.with_ops(op for op in graph.ops if op.id in live)
        return graph if len(kept.ops) == len(graph.ops) and len(kept.tensors) == len(graph.tensors) else kept
