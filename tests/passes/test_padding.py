from __future__ import annotations

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tests.support.layers import average_pool, convolution, depthwise
from tinygen.ir import format_graph
from tinygen.ops.geometry import Padding, Pads
from tinygen.passes.padding import MakePaddingExplicit


def test_schemes_become_numbers(golden: Golden) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 3])
    first = convolution(builder, source, 4, 3, Padding.SAME, stride=2)
    second = depthwise(builder, first, 3, Padding.SAME, dilation=2)
    third = average_pool(builder, second, 3, Padding.SAME, stride=3)
    graph = builder.graph(convolution(builder, third, 2, 1, Padding.VALID))
    explicit = MakePaddingExplicit().apply(graph)
    golden("passes/make_padding_explicit.txt", format_graph(graph) + "\n" + format_graph(explicit))
    paddings = [getattr(op.attributes, "padding") for op in explicit.ops]  # noqa: B009
    assert paddings == [Pads(0, 1, 0, 1), Pads(2, 2, 2, 2), Pads(1, 1, 1, 1), Pads(0, 0, 0, 0)]


def test_a_second_run_changes_nothing() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 3])
    graph = builder.graph(convolution(builder, source, 4, 3, Padding.SAME))
    once = MakePaddingExplicit().apply(graph)
    assert MakePaddingExplicit().apply(once) is once
