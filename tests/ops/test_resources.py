"""The rules of resource variables, which look at other ops of the graph and at set-up subgraphs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.support.stateful_models import SHAPE, Streams, accumulator
from tests.support.tflite_writer import GraphWriter
from tinygen.frontend import survey
from tinygen.ir import DType
from tinygen.ops.resources import VarHandleAttributes, initial_value

Change = Callable[[Streams], None]


def broken(streams: Streams, *outputs: int) -> list[tuple[str, str]]:
    """(rule, found) of every violation."""
    found = survey(streams.finish(*outputs), "m.tflite")
    assert found.refusal is None
    return [(violation.rule, violation.found) for violation in found.violations]


def add_to(variable: int, streams: Streams) -> int:
    return streams.add(streams.input(), variable, "y")


def test_a_model_that_keeps_all_rules() -> None:
    assert survey(accumulator(), "m.tflite").violations == ()


def test_a_variable_is_assigned_somewhere() -> None:
    streams = Streams()
    y = add_to(streams.read("v", "value"), streams)
    streams.read("v", "again")
    rule, found = "The variable is assigned, here or by CALL_ONCE.", "'v' never assigned"
    assert broken(streams, y) == [(rule, found)], "asked once, of the first handle"


@pytest.mark.parametrize("set_up", [False, True])
def test_a_variable_has_one_type(set_up: bool) -> None:
    streams = Streams({"v": np.zeros((1, 5))} if set_up else {})
    y = add_to(streams.read("v", "value"), streams)
    if not set_up:
        streams.assign("v", streams.writer.tensor("wide", SHAPE, DType.INT32))
        streams.writer.inputs.append(streams.writer.tensors.index(streams.writer.tensors[-2]))
    rule = "All that is assigned to the variable or read from it has one dtype and one number of elements."
    other = "int8 of 5" if set_up else "int32 of 6"
    assert broken(streams, y) == [(rule, f"{other} and int8 of 6")]


def test_a_handle_is_made_by_var_handle() -> None:
    streams = Streams()
    handle = streams.writer.input("handle", (), DType.RESOURCE)
    value = streams.tensor("value")
    streams.writer.op("READ_VARIABLE", [handle], [value])
    rule = "The variable's handle is that of a VAR_HANDLE in the same graph."
    assert broken(streams, add_to(value, streams)) == [(rule, "resource 'handle'")]


def test_var_handle_gives_a_handle() -> None:
    streams = Streams()
    number = streams.writer.tensor("number", (), DType.INT32)
    streams.writer.op("VAR_HANDLE", [], [number], {"shared_name": "v"})
    assert ("The output is a handle (resource).", "int32") in broken(
        streams, add_to(streams.input("z"), streams)
    )


def test_the_number_of_handles_is_limited() -> None:
    streams = Streams()
    for number in range(257):
        streams.assign(f"v{number}", streams.input(f"x{number}"))
    found = broken(streams, add_to(0, streams))
    assert set(found) == {("The graph has at most 256 of them.", "257 of them")}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda graph: graph.op("READ_VARIABLE", [0], [graph.tensor("t", SHAPE)]), "op 2 READ_VARIABLE"),
        (
            lambda graph: graph.op("ASSIGN_VARIABLE", [0, graph.tensor("t", SHAPE)], []),
            "op 2 ASSIGN_VARIABLE of a value that is no constant",
        ),
        (lambda graph: graph.op("CALL_ONCE", [], [], {"init_subgraph_index": 1}), "op 2 CALL_ONCE"),
        (lambda graph: graph.op("IF", [], [], {}), "op 2 IF"),
    ],
)
def test_a_set_up_only_assigns_constants(change: Callable[[GraphWriter], None], found: str) -> None:
    streams = Streams({"v": np.zeros(SHAPE)})
    change(streams.writer.subgraphs[1])
    if found.endswith("no constant"):
        streams.writer.subgraphs[1].inputs = [len(streams.writer.subgraphs[1].tensors) - 1]
    y = add_to(streams.read("v", "value"), streams)
    rule = "The subgraph does nothing but assign constants to variables."
    assert broken(streams, y) == [(rule, found)]


@pytest.mark.parametrize("index", [0, 2])
def test_a_set_up_exists(index: int) -> None:
    streams = Streams({"v": np.zeros(SHAPE)})
    streams.writer.op("CALL_ONCE", [], [], {"init_subgraph_index": index})
    y = add_to(streams.read("v", "value"), streams)
    rule = "The subgraph does nothing but assign constants to variables."
    assert broken(streams, y) == [(rule, f"no subgraph {index}")]


def test_a_set_up_comes_first() -> None:
    streams = Streams({"v": np.zeros(SHAPE)})
    streams.writer.operators.append(streams.writer.operators.pop(0))
    y = add_to(streams.read("v", "value"), streams)
    streams.writer.op("CALL_ONCE", [], [], {"init_subgraph_index": 1})
    rule = "It comes before every op that reads or assigns a variable."
    assert broken(streams, y) == [(rule, "op 2 READ_VARIABLE before it")]


def test_initial_values() -> None:
    def start(data: bytes) -> list[int]:
        graph = survey(data, "m.tflite").model.main
        values: list[int] = initial_value(graph, VarHandleAttributes("", "total")).tolist()
        return values

    assert start(accumulator()) == [7, -128, 127, 0, 1, -3], "what the set-up assigns"
    assert start(accumulator(())) == [-3] * 6, "the zero point of what is assigned first"
    with pytest.raises(ValueError, match="nothing is assigned"):
        initial_value(survey(accumulator(), "m").model.main, VarHandleAttributes("other", "total"))


@pytest.mark.parametrize(("dtype", "start"), [(DType.INT16, 0x0505), (DType.INT32, 0x05050505)])
def test_wider_variables_start_with_the_zero_point_in_every_byte(dtype: DType, start: int) -> None:
    streams = Streams()
    x = streams.writer.input("x", SHAPE, dtype, scales=0.5, zero_points=5)
    streams.assign("v", x)
    graph = survey(streams.finish(x), "m.tflite").model.main
    assert initial_value(graph, VarHandleAttributes("", "v")).tolist() == [start] * 6
