from __future__ import annotations

import numpy as np

from tests.conftest import Golden
from tests.support.stateful_models import SHAPE, Streams, accumulator, exchange
from tinygen.frontend import parse
from tinygen.ir import format_graph, verify
from tinygen.passes import lower
from tinygen.passes.variables import ResolveVariables


def test_variables_become_tensors(golden: Golden) -> None:
    graph = parse(exchange(), "exchange.tflite").main
    resolved = ResolveVariables().apply(graph)
    verify(resolved)
    golden("passes/resolve_variables.txt", format_graph(graph) + "\n" + format_graph(resolved))
    assert {op.kind for op in resolved.ops} == {"VIEW", "ASSIGN", "ADD"}
    assert [tensor.name for tensor in resolved.variables] == ["a", "b"]


def test_a_variable_keeps_its_start_and_has_no_counterpart_in_the_oracle() -> None:
    (state,) = lower(parse(accumulator(), "m").main).variables
    assert state.initial is not None
    assert state.initial.tolist() == [[7, -128, 127, 0, 1, -3]]
    assert state.origin is None


def test_a_variable_that_no_inference_assigns_is_a_constant() -> None:
    streams = Streams({"v": np.arange(6).reshape(SHAPE)})
    y = streams.add(streams.input(), streams.read("v", "value"), "y")
    graph = lower(parse(streams.finish(y), "m").main)
    assert graph.variables == ()
    assert [op.kind for op in graph.ops] == ["ADD"]
    data = graph.operand(graph.ops[0], 1).data
    assert data is not None
    assert data.tolist() == [[0, 1, 2, 3, 4, 5]]


def test_what_nothing_reads_is_not_kept() -> None:
    streams = Streams({"v": np.zeros(SHAPE)})
    x = streams.input()
    streams.assign("v", x)
    graph = lower(parse(streams.finish(streams.add(x, x, "y")), "m").main)
    assert graph.variables == ()
    assert [op.kind for op in graph.ops] == ["ADD"]


def test_graphs_without_variables_stay_as_they_are() -> None:
    graph = lower(parse(accumulator(), "m").main)
    assert ResolveVariables().apply(graph) is graph
