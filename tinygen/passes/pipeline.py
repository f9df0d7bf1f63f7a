"""The passes, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tinygen.ir import Graph, verify
from tinygen.passes.activation import FuseActivations
from tinygen.passes.constants import FoldConstants
from tinygen.passes.dead import RemoveDeadOps
from tinygen.passes.join import JoinInPlace
from tinygen.passes.movement import LowerMovement
from tinygen.passes.pad import FoldPad
from tinygen.passes.padding import MakePaddingExplicit
from tinygen.passes.rewrite import Pass
from tinygen.passes.sink import SinkReads
from tinygen.passes.variables import ResolveVariables
from tinygen.passes.views import MakeViews


def passes() -> tuple[Pass, ...]:
    """What lowers a graph as the frontend made it to one that kernels are asked about."""
    return (
        ResolveVariables(),
        FoldConstants(),
        MakeViews(),
        LowerMovement(),
        JoinInPlace(),
        RemoveDeadOps(),
        FuseActivations(),
        MakePaddingExplicit(),
        FoldPad(),
        RemoveDeadOps(),
        SinkReads(),
    )


def lower(graph: Graph, order: Sequence[Pass] | None = None) -> Graph:
    """Run all passes, and check the graph after each; the graphs that its ops run are lowered first.

    Args:
        graph: a well-formed graph whose ops keep their rules.
        order: the passes to run; None for `passes()`.

    Raises:
        GraphError: when a pass breaks an invariant, which is a defect of that pass.
    """
    verify(graph)
    if any(op.subgraphs for op in graph.ops):
        graph = graph.with_ops(
            replace(op, subgraphs=tuple(lower(subgraph, order) for subgraph in op.subgraphs))
            for op in graph.ops
        )
    for item in passes() if order is None else order:
        graph = item.apply(graph)
        verify(graph)
    return graph
