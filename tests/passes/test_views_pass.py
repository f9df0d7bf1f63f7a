from __future__ import annotations

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tinygen.ir import Origin, format_graph
from tinygen.ops.squeeze import SqueezeAttributes
from tinygen.passes.views import MakeViews


def test_renaming_ops_become_views(golden: Golden) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 3, 1, 4])
    reshaped = builder.op("RESHAPE", [source, builder.constant([1, 12, 1])], [1, 12, 1])
    squeezed = builder.op("SQUEEZE", [reshaped], [12], SqueezeAttributes(()))
    expanded = builder.op("EXPAND_DIMS", [squeezed, builder.constant(0)], [1, 12])
    back = builder.op("RESHAPE", [expanded, builder.constant([1, 3, 1, 4])], [1, 3, 1, 4])
    graph = builder.graph(back)
    viewed = MakeViews().apply(graph)
    golden("passes/make_views.txt", format_graph(graph) + "\n" + format_graph(viewed))
    assert {op.kind for op in viewed.ops} == {"VIEW"}
    assert all(len(op.inputs) == 1 for op in viewed.ops)
    assert viewed.tensors[back].origin == Origin(back)
