"""IF and WHILE, from the file to C that computes, on the host, what TensorFlow Lite Micro computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.host_session import HostSession
from tests.support.tflite_writer import GraphWriter, ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.errors import FitError, ModelError
from tinygen.ir import Array, DType
from tinygen.kernels.interface import FamilySet
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import TflmOracle
from tinygen.planning import Plan, format_plan
from tinygen.planning.plan import Branch, KernelCall, Loop
from tinygen.report.collect import layer_plans
from tinygen.target import Compiler, Target
from tinygen.verify import first_divergence

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))
Q = {"scales": 0.5}
SHAPE = (1, 6)


def dense(w: GraphWriter, x: int, seed: int) -> int:
    """A fully connected layer of six units."""
    rng = np.random.default_rng(seed)
    weights = w.constant("weights", rng.integers(-20, 20, (6, 6)), DType.INT8, scales=0.02)
    y = w.tensor(f"dense{seed}", SHAPE, **Q)
    w.op("FULLY_CONNECTED", [x, weights, None], [y], {})
    return y


def binary(w: GraphWriter, kind: str, a: int, b: int, dtype: DType = DType.INT8, **details: float) -> int:
    shape = w.tensors[a].shape
    y = w.tensor(kind.lower(), shape, dtype, **details)
    w.op(kind, [a, b], [y], {})
    return y


def branches() -> bytes:
    """y = flag ? dense(relu(x)) + z : z, twice: once on a flag given, once on a comparison."""
    w = ModelWriter()
    flag = w.input("flag", (1,), DType.BOOL)
    x, z = w.input("x", SHAPE, **Q), w.input("z", SHAPE, **Q)
    then, other = w.subgraph("then"), w.subgraph("else")
    a, b = then.input("a", SHAPE, **Q), then.input("b", SHAPE, **Q)
    positive = then.tensor("positive", SHAPE, **Q)
    then.op("RELU", [a], [positive])
    then.outputs = [binary(then, "ADD", dense(then, positive, 1), b, **Q)]
    other.input("unused", SHAPE, **Q)
    other.outputs = [other.input("kept", SHAPE, **Q)]
    options = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    first = w.tensor("first", SHAPE, **Q)
    w.op("IF", [flag, x, z], [first], options)
    small = dense(w, first, 3)
    y = w.tensor("y", SHAPE, **Q)
    w.op("IF", [flag, small, first], [y], options)
    return w.finish([y, small])


def constants() -> bytes:
    """A branch that gives a constant, one that gives its input; a constant operand."""
    w = ModelWriter()
    flag, x = w.input("flag", (1, 1), DType.BOOL), w.input("x", SHAPE, **Q)
    given = w.constant("given", np.arange(6).reshape(SHAPE), **Q)
    then, other = w.subgraph("then"), w.subgraph("else")
    then.input("a", SHAPE, **Q)
    then.input("b", SHAPE, **Q)
    then.outputs = [then.constant("c", np.full(SHAPE, 7), **Q), then.constant("d", np.full(SHAPE, -9), **Q)]
    a, b = other.input("a", SHAPE, **Q), other.input("b", SHAPE, **Q)
    other.outputs = [b, a]
    one, two = w.tensor("one", SHAPE, **Q), w.tensor("two", SHAPE, **Q)
    w.op("IF", [flag, x, given], [one, two], {"then_subgraph_index": 1, "else_subgraph_index": 2})
    return w.finish([one, two])


def loop(nested: bool = False) -> bytes:
    """for (i = 0; i < n; i++) x = dense(x) + z; with an IF inside where `nested`."""
    w = ModelWriter()
    n = w.input("n", (1,), DType.INT32)
    x, z = w.input("x", SHAPE, **Q), w.input("z", SHAPE, **Q)
    zero = w.constant("zero", np.array([0]), DType.INT32)
    condition, body = w.subgraph("condition"), w.subgraph("body")
    i, limit = condition.input("i", (1,), DType.INT32), condition.input("n", (1,), DType.INT32)
    condition.input("x", SHAPE, **Q)
    condition.input("z", SHAPE, **Q)
    condition.outputs = [binary(condition, "LESS", i, limit, DType.BOOL)]

    i, limit = body.input("i", (1,), DType.INT32), body.input("n", (1,), DType.INT32)
    value, same = body.input("x", SHAPE, **Q), body.input("z", SHAPE, **Q)
    one = body.constant("one", np.array([1]), DType.INT32)
    following = binary(body, "ADD", i, one, DType.INT32)
    summed = binary(body, "ADD", dense(body, value, 5), same, **Q)
    if nested:
        two = body.constant("two", np.array([2]), DType.INT32)
        early = binary(body, "LESS", i, two, DType.BOOL)
        then, other = w.subgraph("early"), w.subgraph("late")
        then.outputs = [dense(then, then.input("v", SHAPE, **Q), 6)]
        other.outputs = [dense(other, other.input("v", SHAPE, **Q), 7)]
        chosen = body.tensor("chosen", SHAPE, **Q)
        body.op("IF", [early, summed], [chosen], {"then_subgraph_index": 3, "else_subgraph_index": 4})
        summed = chosen
    body.outputs = [following, limit, summed, same]
    ends = [
        w.tensor("i", (1,), DType.INT32),
        w.tensor("n1", (1,), DType.INT32),
        w.tensor("x1", SHAPE, **Q),
        w.tensor("z1", SHAPE, **Q),
    ]
    w.op("WHILE", [zero, n, x, z], ends, {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    return w.finish([binary(w, "ADD", ends[2], z, **Q), ends[0]])


def planned(data: bytes) -> Plan:
    model = frontend.parse(data, "control")
    return planning.solve(passes.lower(model.main), [PORTABLE], HOST)


def vector(rng: np.random.Generator) -> Array:
    return rng.integers(-128, 128, SHAPE).astype(np.int8)


def flags(shape: Sequence[int], operands: int) -> list[list[Array]]:
    rng = np.random.default_rng(0)
    return [
        [np.full(shape, flag), *(vector(rng) for _ in range(operands))] for flag in (True, False, False, True)
    ]


def counts() -> list[list[Array]]:
    rng = np.random.default_rng(1)
    return [[np.array([n], np.int32), vector(rng), vector(rng)] for n in (3, 0, 1, 5)]


MODELS = {
    "branches": (branches(), flags((1,), 2)),
    "constants": (constants(), flags((1, 1), 1)),
    "loop": (loop(), counts()),
    "nested": (loop(nested=True), counts()),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_those_of_tflm(name: str, tmp_path: Path) -> None:
    data, samples = MODELS[name]
    expected = TflmOracle(data).run(samples)
    library = codegen.generate("control", "0" * 64, planned(data))
    host = compile_library(library, tmp_path / "host")
    found = [host.run(sample) for sample in samples]
    sanitized = run_sanitized(library, tmp_path / "sanitized", samples)
    for right, one, other in zip(expected, found, sanitized, strict=True):
        for value, ours, checked in zip(right.outputs, one, other, strict=True):
            assert np.array_equal(value, ours)
            assert np.array_equal(value, checked)
    assert len({tuple(value.tobytes() for value in outputs) for outputs in found}) > 1


@pytest.mark.oracle
def test_a_wrong_branch_is_found_in_its_layer(tmp_path: Path) -> None:
    data, samples = MODELS["branches"]
    plan = planned(data)
    library = codegen.generate("control", "0" * 64, plan)
    oracle = TflmOracle(data)
    right = HostSession(compile_library(library, tmp_path / "right"))
    assert first_divergence(plan, right, oracle, samples, 0) is None

    path = "src/control.c"
    text = library.files[path].decode()
    wrong = text.replace(")) != 0) {", ")) == 0) {", 1)
    assert wrong != text
    changed = replace(library, files={**library.files, path: wrong.encode()})
    session = HostSession(compile_library(changed, tmp_path / "wrong"))
    found = first_divergence(plan, session, oracle, samples, 0)
    assert found is not None
    assert (found.step, found.layer, found.op) == (0, "first", "IF")


def test_a_plan_holds_the_plans_of_its_subgraphs() -> None:
    plan = planned(MODELS["nested"][0])
    outer, last = plan.steps
    assert isinstance(outer, Loop)
    assert isinstance(last, KernelCall)
    condition, body = outer.plans
    assert len(condition.graph.inputs) == 2
    inner = body.steps[-1]
    assert isinstance(inner, Branch)
    assert len(list(plan.calls())) == 1 + 1 + 4 + 2
    arena = plan.buffers[outer.scratch["arena"]]
    assert arena.bytes == max(condition.bounds.arena, body.bounds.arena)
    assert plan.offsets[arena.id] % 16 == 0
    text = format_plan(plan)
    assert "  0: control flow/while ops [0]" in text
    assert "\n        plan 'early': 1 steps" in text


def test_layers_count_what_their_subgraphs_store() -> None:
    plan = planned(MODELS["nested"][0])
    library = codegen.generate("control", "0" * 64, plan)
    assert [layer.op for layer in library.layers] == ["WHILE", "ADD"]
    assert sum(layer.weights for layer in library.layers) == library.footprint.weights
    assert sum(layer.constants for layer in library.layers) == library.footprint.constants
    first, _ = layer_plans(plan)
    assert (first.op, first.weights) == ("WHILE", library.layers[0].weights)


def test_an_op_without_kernel_is_told_from_inside() -> None:
    model = frontend.parse(MODELS["branches"][0], "control")
    with pytest.raises(ModelError, match="no kernel") as error:
        planning.solve(passes.lower(model.main), [FamilySet("none", {})], HOST)
    assert any("IF" in line and "FULLY_CONNECTED" in line for line in error.value.why)


def test_a_budget_holds_for_the_whole_arena() -> None:
    model = frontend.parse(MODELS["branches"][0], "control")
    graph = passes.lower(model.main)
    need = planning.solve(graph, [PORTABLE], HOST).bounds.arena
    planning.solve(graph, [PORTABLE], HOST, budget=need)
    with pytest.raises(FitError):
        planning.solve(graph, [PORTABLE], HOST, budget=need - 1)
