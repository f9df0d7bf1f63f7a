"""Sections read off plans."""

from dataclasses import replace

import pytest

from tests.support.layered_model import layered_plan
from tests.support.reports import FOOTPRINT, inspected
from tinygen.ir import Graph
from tinygen.report.collect import Measured, layer_plans, macs, memory


def test_memory_by_the_definitions():
    found = memory(FOOTPRINT, Measured(static_ram=12, stack=64, model_flash=4096))
    assert found.model_dump() == {
        "arena": 160,
        "scratch": 8,
        "state": 40,
        "lower_bound": 64,
        "static_ram": 12,
        "stack": 64,
        "weights": 12,
        "constants": 48,
        "code": 4096 - 60,
    }


def test_what_the_target_cannot_tell_is_none():
    found = memory(FOOTPRINT, Measured())
    assert (found.static_ram, found.stack, found.code) == (None, None, None)


def test_layers_name_their_work():
    layers = layer_plans(layered_plan())
    assert [layer.name for layer in layers] == ["hidden", "fused", "kept", "logits"]
    assert [layer.op for layer in layers] == ["CONV_2D", "ADD", "MUL", "FULLY_CONNECTED"]
    assert layers[3].ops == (3, 4)
    assert {(layer.set, layer.device, layer.weights, layer.constants) for layer in layers} == {
        ("portable", "cpu", 12, 12)
    }


def test_ram_of_a_layer_is_what_is_alive_and_counts_shared_bytes_once():
    plan = layered_plan()
    assert [layer.ram for layer in layer_plans(plan)] == [64, 64, 64, 64]
    overlapping = replace(plan, offsets={**plan.offsets, 1: 16})
    assert [layer.ram for layer in layer_plans(overlapping)] == [48, 64, 64, 64]


def test_equal_constants_of_a_layer_are_stored_once():
    plan = layered_plan()
    step = plan.steps[0]
    twice = replace(step, candidate=replace(step.candidate, constants=step.candidate.constants * 2))
    (layer,) = layer_plans(replace(plan, steps=(twice,)))
    assert (layer.weights, layer.constants) == (12, 12)


def test_an_op_that_tinygen_does_not_know_has_no_macs():
    graph = layered_plan().graph
    op = replace(graph.ops[0], kind="MY_CUSTOM_OP")
    assert macs(Graph("main", graph.tensors, (op,), (0,), (1,)), op) == 0


@pytest.mark.parametrize("supported", [True, False])
def test_an_inspection_tells_the_ops_and_what_is_alive(supported):
    report = inspected(supported=supported)
    assert report.supported is supported
    assert [op.kind for op in report.ops] == ["CONV_2D", "ADD", "MUL", "FULLY_CONNECTED", "VIEW"]
    assert [op.ram for op in report.ops] == [8 + 12, 12 + 16, 16 + 8, 8 + 6, 6 + 6]
    assert [op.supported for op in report.ops] == [True, supported, supported, True, True]
    assert (report.plan is None) is not supported
    assert (report.refusal is None) is supported
    assert [problem.index for problem in report.unsupported] == ([] if supported else [1, 2])
