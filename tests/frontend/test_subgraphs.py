"""Graphs that ops run: what makes them unsupported or damaged, and who is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.support.tflite_writer import GraphWriter, ModelWriter
from tinygen import frontend
from tinygen.errors import ModelError
from tinygen.ir import DType, format_graph

Q = {"scales": 0.5}


def branch(
    w: ModelWriter, shape: Sequence[int] = (1, 4), kind: str = "RELU", **details: object
) -> GraphWriter:
    """A subgraph of one op."""
    graph = w.subgraph(f"branch{len(w.subgraphs)}")
    a = graph.input("a", shape, **Q, **details)
    b = graph.tensor("b", shape, **Q)
    graph.op(kind, [a], [b], {} if kind == "IF" else None)
    graph.outputs = [b]
    return graph


def choice(w: ModelWriter, then: int = 1, other: int = 2, flag: Sequence[int] = (1,)) -> bytes:
    """The main graph: an IF."""
    condition, x = w.input("flag", flag, DType.BOOL), w.input("x", (1, 4), **Q)
    y = w.tensor("y", (1, 4), **Q)
    w.op("IF", [condition, x], [y], {"then_subgraph_index": then, "else_subgraph_index": other})
    return w.finish([y])


def refused(data: bytes) -> str:
    with pytest.raises(ModelError) as error:
        frontend.parse(data, "model.tflite")
    return str(error.value)


def test_the_op_has_its_subgraphs() -> None:
    w = ModelWriter()
    branch(w)
    branch(w, kind="TANH")
    graph = frontend.parse(choice(w), "model").main
    (op,) = graph.ops
    assert [subgraph.name for subgraph in op.subgraphs] == ["branch1", "branch2"]
    text = format_graph(graph)
    assert "\n    graph 'branch1' {\n" in text
    assert "\n      %1 = RELU(%0)" in text


def test_what_a_branch_breaks_is_told_with_the_layer() -> None:
    w = ModelWriter()
    branch(w)
    branch(w, kind="SEGMENT_SUM")
    message = refused(choice(w))
    assert "layer 0 'y' (IF): The operator is one that tinygen supports." in message
    assert "Found: SEGMENT_SUM in its layer 'b' (SEGMENT_SUM)" in message


@pytest.mark.parametrize(("then", "other"), [(0, 1), (1, 7)])
def test_subgraphs_exist_and_are_not_the_main_one(then: int, other: int) -> None:
    w = ModelWriter()
    branch(w)
    assert "Found: a subgraph that there is not" in refused(choice(w, then, other))


def test_operands_have_the_shapes_of_the_branches() -> None:
    w = ModelWriter()
    branch(w)
    branch(w, (2, 4))
    message = refused(choice(w))
    assert "Both branches take the dtypes and shapes" in message
    assert "int8[1, 4] and int8[2, 4]" in message


def test_a_condition_is_one_bool() -> None:
    w = ModelWriter()
    branch(w)
    assert "Found: bool[2]" in refused(choice(w, 1, 1, flag=(2,)))


def test_dynamic_shapes_in_a_branch_are_told() -> None:
    w = ModelWriter()
    branch(w)
    graph = branch(w)
    graph.op("RELU", [1], [graph.tensor("open", (-1, 4), **Q)])
    message = refused(choice(w))
    assert "has dynamic shapes" in message
    assert "tensor 2 'open' of 'branch2': [-1, 4]" in message


def test_variables_in_a_branch_are_refused() -> None:
    w = ModelWriter()
    graph = branch(w)
    kept = graph.tensor("kept", (1, 4), **Q, variable=True)
    summed = graph.tensor("summed", (1, 4), **Q)
    graph.op("ADD", [1, kept], [summed], {})
    graph.outputs = [summed]
    assert "Found: variable 'kept' in 'branch1'" in refused(choice(w, 1, 1))


def loop(
    *, carried: Sequence[int] = (1, 4), decision: Sequence[int] = (1,), body_gives: DType = DType.INT8
) -> bytes:
    w = ModelWriter()
    x = w.input("x", (1, 4), **Q)
    condition = w.subgraph("condition")
    condition.input("a", (1, 4), **Q)
    condition.outputs = [condition.constant("never", np.zeros(decision), DType.BOOL)]
    body = w.subgraph("body")
    a = body.input("a", carried, **Q)
    b = body.tensor("b", carried, body_gives, **Q)
    body.op("RELU", [a], [b])
    body.outputs = [b]
    y = w.tensor("y", (1, 4), **Q)
    w.op("WHILE", [x], [y], {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    return w.finish([y])


def test_loops_are_checked() -> None:
    frontend.parse(loop(), "model")
    assert "The condition gives one bool" in refused(loop(decision=(3,)))
    assert "int8[1, 4] and int8[4, 1]" in refused(loop(carried=(4, 1)))
    assert "int8[1, 4] and int16[1, 4]" in refused(loop(body_gives=DType.INT16))


def nest(w: ModelWriter, graph: GraphWriter, *indices: int) -> None:
    """Let a graph run others, one IF after the other."""
    flag = graph.constant("flag", np.array([True]), DType.BOOL)
    for index in indices:
        last = graph.outputs[0]
        following = graph.tensor("following", (1, 4), **Q)
        options = {"then_subgraph_index": index, "else_subgraph_index": index}
        graph.op("IF", [flag, last], [following], options)
        graph.outputs = [following]


def test_graphs_that_run_themselves_are_damaged() -> None:
    w = ModelWriter()
    first, second = branch(w), branch(w)
    nest(w, first, 2)
    nest(w, second, 1)
    assert "Subgraph 1 runs itself" in refused(choice(w))


def test_endless_nesting_is_damaged() -> None:
    w = ModelWriter()
    for index in range(2, 40):
        nest(w, branch(w), index)
    branch(w)
    assert "more than 16 deep" in refused(choice(w))


def test_nesting_that_multiplies_is_damaged() -> None:
    w = ModelWriter()
    for index in range(2, 12):
        nest(w, branch(w), index, index)
    branch(w)
    assert "more than 16384 ops" in refused(choice(w))
