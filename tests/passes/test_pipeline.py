from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tests.support.layers import average_pool, convolution, depthwise, fully_connected
from tinygen.ir import Graph, GraphError, format_graph
from tinygen.ops.geometry import Padding
from tinygen.passes import lower, passes


def small_network() -> Graph:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 2])
    amounts = builder.constant([[0, 0], [0, 1], [0, 1], [0, 0]])
    padded = builder.op("PAD", [source, amounts], [1, 9, 9, 2])
    first = builder.op("RELU", [convolution(builder, padded, 4, 3, stride=2)], [1, 4, 4, 4])
    second = builder.op("RELU6", [depthwise(builder, first, 3, Padding.SAME)], [1, 4, 4, 4])
    pooled = average_pool(builder, second, 4, Padding.VALID)
    flat = builder.op("RESHAPE", [pooled, builder.constant([1, 4])], [1, 4])
    return builder.graph(fully_connected(builder, flat, 3))


def test_lowering_a_small_network(golden: Golden) -> None:
    graph = small_network()
    lowered = lower(graph)
    golden("passes/lower.txt", format_graph(graph) + "\n" + format_graph(lowered))
    assert [op.kind for op in lowered.ops] == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "AVERAGE_POOL_2D",
        "VIEW",
        "FULLY_CONNECTED",
    ]
    assert sorted(source for op in lowered.ops for source in op.sources) == list(range(len(graph.ops)))


def test_lowering_twice_changes_nothing() -> None:
    once = lower(small_network())
    assert lower(once) == once


def test_names_are_told_apart() -> None:
    assert {item.name for item in passes()} == {
        "fold-constants",
        "fold-pad",
        "fuse-activations",
        "join-in-place",
        "lower-movement",
        "make-padding-explicit",
        "make-views",
        "remove-dead-ops",
        "resolve-variables",
        "sink-reads",
    }


@dataclass(frozen=True)
class _Broken:
    """Forgets the first op."""

    name: ClassVar[str] = "broken"

    def apply(self, graph: Graph) -> Graph:
        return replace(graph, ops=graph.ops[1:])


def test_the_graph_is_checked_after_every_pass() -> None:
    with pytest.raises(GraphError, match="before it is written"):
        lower(small_network(), [_Broken()])
