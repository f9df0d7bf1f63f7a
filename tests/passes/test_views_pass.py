from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tinygen.ir import DType, Origin, format_graph
from tinygen.ops.squeeze import SqueezeAttributes
from tinygen.passes.views import MakeViews


def test_renaming_ops_become_views(golden: Golden) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 3, 1, 4])
    reshaped = builder.op("RESHAPE", [source, builder.constant([1, 12, 1])], [1, 12, 1])
    squeezed = builder.op("SQUEEZE", [reshaped], [12], SqueezeAttributes(()))
    expanded = builder.op("EXPAND_DIMS", [squeezed, builder.constant(0)], [1, 12])
    order = builder.constant([0, 2, 1, 3])
    back = builder.op("RESHAPE", [expanded, builder.constant([1, 3, 1, 4])], [1, 3, 1, 4])
    moved = builder.op("TRANSPOSE", [back, order], [1, 1, 3, 4])
    graph = builder.graph(moved)
    viewed = MakeViews().apply(graph)
    golden("passes/make_views.txt", format_graph(graph) + "\n" + format_graph(viewed))
    assert {op.kind for op in viewed.ops} == {"VIEW"}
    assert all(len(op.inputs) == 1 for op in viewed.ops)
    assert viewed.tensors[moved].origin == Origin(moved)


@pytest.mark.parametrize("shape", [(1, 3, 1, 4), (2, 1, 3, 1), (2, 3, 4, 5), (1, 1, 1, 1)])
def test_transpose_is_a_view_exactly_where_bytes_keep_their_order(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape)).reshape(shape)
    for order in permutations(range(4)):
        moved = values.transpose(order)
        builder = GraphBuilder()
        source = builder.input(shape)
        graph = builder.graph(builder.op("TRANSPOSE", [source, builder.constant(order)], moved.shape))
        is_view = MakeViews().apply(graph).ops[0].kind == "VIEW"
        assert is_view == np.array_equal(moved.ravel(), values.ravel()), order


def test_a_transpose_by_a_computed_order_is_left() -> None:
    builder = GraphBuilder()
    source, order = builder.input([1, 3]), builder.input([2], DType.INT32)
    graph = builder.graph(builder.op("TRANSPOSE", [source, order], [3, 1]))
    assert MakeViews().apply(graph) is graph
