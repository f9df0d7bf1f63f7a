from __future__ import annotations

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tinygen.ir import format_graph
from tinygen.passes.dead import RemoveDeadOps


def test_ops_nothing_depends_on_are_removed(golden: Golden) -> None:
    builder = GraphBuilder()
    source, unused = builder.input([1, 4]), builder.input([1, 4])
    kept = builder.op("RELU", [source], [1, 4])
    dropped = builder.op("ADD", [kept, unused], [1, 4])
    builder.op("RELU6", [dropped], [1, 4])
    graph = builder.graph(kept)
    live = RemoveDeadOps().apply(graph)
    golden("passes/remove_dead_ops.txt", format_graph(graph) + "\n" + format_graph(live))
    assert [op.kind for op in live.ops] == ["RELU"]
    assert live.inputs == (source, unused)


def test_effects_keep_ops_alive() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4])
    state = builder.tensor([1, 4], variable=True)
    builder.op("SVDF", [source, state], [1, 4], updates=[state])
    builder.op_into("ASSIGN", [source], [], updates=[state])
    result = builder.op("RELU", [source], [1, 4])
    graph = builder.graph(result)
    assert RemoveDeadOps().apply(graph) is graph


def test_a_variable_that_is_only_read_keeps_nothing_alive() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4])
    state = builder.tensor([1, 4], variable=True)
    builder.op("ADD", [source, state], [1, 4])
    live = RemoveDeadOps().apply(builder.graph(builder.op("RELU", [source], [1, 4])))
    assert [op.kind for op in live.ops] == ["RELU"]
    assert state not in live.tensors


def test_tensors_nothing_names_are_removed() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4])
    result = builder.op("RELU", [source], [1, 4])
    stray = builder.constant([1, 2])
    assert stray not in RemoveDeadOps().apply(builder.graph(result)).tensors
