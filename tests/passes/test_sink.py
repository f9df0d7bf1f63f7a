from __future__ import annotations

from tests.support.graphs import GraphBuilder
from tinygen.ir import Graph, Op
from tinygen.passes.sink import SinkReads


def order(graph: Graph) -> list[str]:
    return [graph.layer_name(op) or op.kind for op in SinkReads().apply(graph).ops]


def assign(builder: GraphBuilder, value: int, variable: int) -> None:
    number = len(builder.ops)
    builder.ops.append(Op(number, "ASSIGN", (value,), (), sources=(number,), updates=(variable,)))


def test_reads_go_down_to_their_first_reader() -> None:
    builder = GraphBuilder()
    source, state = builder.input([4]), builder.tensor([4], variable=True)
    read = builder.op("VIEW", [state], [4])
    other = builder.op("RELU", [source], [4])
    total = builder.op("ADD", [other, read], [4])
    again = builder.op("ADD", [total, read], [4])
    graph = builder.graph(again)
    assert order(graph) == [f"t{key}" for key in (other, read, total, again)]


def test_reads_stay_in_front_of_updates() -> None:
    builder = GraphBuilder()
    source, state = builder.input([4]), builder.tensor([4], variable=True)
    read = builder.op("VIEW", [state], [4])
    assign(builder, source, state)
    total = builder.op("ADD", [source, read], [4])
    graph = builder.graph(total)
    assert order(graph) == [f"t{read}", f"t{state}", f"t{total}"]


def test_a_read_that_is_an_output_comes_last() -> None:
    builder = GraphBuilder()
    source, state = builder.input([4]), builder.tensor([4], variable=True)
    read = builder.op("VIEW", [state], [4])
    other = builder.op("RELU", [source], [4])
    graph = builder.graph(other, read)
    assert order(graph) == [f"t{other}", f"t{read}"]


def test_other_views_stay() -> None:
    builder = GraphBuilder()
    source = builder.input([4])
    view = builder.op("VIEW", [source], [2, 2])
    other = builder.op("RELU", [source], [4])
    graph = builder.graph(other, builder.op("RELU", [view], [2, 2]))
    assert SinkReads().apply(graph) is graph
