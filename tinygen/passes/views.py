"""Ops that only rename indices, as views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tinygen.ir import Attributes, Graph, Op

_RENAMING = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")


@dataclass(frozen=True)
class MakeViews:
    """Turns ops whose output is the input's bytes in the same order into VIEW.

    These are RESHAPE, SQUEEZE and EXPAND_DIMS. Their second operand is dropped: the output's shape says all
    of it.
    """

    name: ClassVar[str] = "make-views"

    def apply(self, graph: Graph) -> Graph:
        """The graph with VIEW ops."""
        if not any(_is_view(graph, op) for op in graph.ops):
            return graph
        return graph.with_ops(_view(op) if _is_view(graph, op) else op for op in graph.ops)


def _view(op: Op) -> Op:
    return replace(op, kind="VIEW", inputs=op.inputs[:1], attributes=Attributes())


def _is_view(graph: Graph, op: Op) -> bool:
    if op.kind not in _RENAMING:
        return False
    source, result = graph.operand(op, 0), graph.result(op)
    return source.dtype is result.dtype and source.elements == result.elements
