"""TFLM and LiteRT in their own process: what they compute, and what becomes of refusals and crashes."""

import importlib.util
import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.support.models import model_path
from tests.support.tflite_writer import ModelWriter
from tinygen import frontend
from tinygen.errors import BudgetError, ToolError, UsageError
from tinygen.ir import DType, Graph, Model
from tinygen.oracle import LiteRtOracle, TflmOracle, choose_oracle, litert, process, tflm, worker
from tinygen.oracle.process import Failure, Request, call

needs_tflm = pytest.mark.skipif(not tflm.installed(), reason=f"needs the wheel {tflm.REQUIREMENT}")
needs_litert = pytest.mark.skipif(litert.find_engine() is None, reason="needs ai-edge-litert")


def _add_model(kind: str = "ADD", dtype: DType = DType.INT8) -> bytes:
    """x [1,4] added to itself, or given to the op `kind`; then added to itself."""
    writer = ModelWriter()
    x = writer.input("x", (1, 4), dtype, scales=0.5)
    twice = writer.tensor("twice", (1, 4), dtype, scales=0.5)
    four = writer.tensor("four", (1, 4), dtype, scales=0.5)
    writer.op(kind, [x, x] if kind == "ADD" else [x], [twice], {} if kind == "ADD" else None)
    writer.op("ADD", [twice, twice], [four], {})
    return writer.finish([four])


def _stateful_model() -> bytes:
    """y = state + x, kept in a variable: TFLM's ASSIGN_VARIABLE and READ_VARIABLE."""
    writer = ModelWriter()
    x = writer.input("x", (1, 2), DType.FLOAT32)
    state = writer.tensor("state", (1,), DType.RESOURCE)
    before = writer.tensor("before", (1, 2), DType.FLOAT32)
    y = writer.tensor("y", (1, 2), DType.FLOAT32)
    writer.op("VAR_HANDLE", [], [state], {})
    writer.op("READ_VARIABLE", [state], [before], {})
    writer.op("ADD", [before, x], [y], {})
    writer.op("ASSIGN_VARIABLE", [state, y], [], {})
    return writer.finish([y])


def _model() -> Model:
    return Model("m", "ab" * 32, (Graph("main", {}, (), (), ()),))


SAMPLES = [(np.array([[1, -2, 30, 100]], np.int8),), (np.array([[0, 1, -40, 5]], np.int8),)]


# TFLM


@pytest.mark.oracle
@needs_tflm
def test_tflm_returns_outputs_and_intermediates():
    oracle = TflmOracle(_add_model())
    runs = oracle.run(SAMPLES, keep=[0, 1, 99])
    assert [run.outputs[0].tolist() for run in runs] == [[[4, -8, 120, 127]], [[0, 4, -128, 20]]]
    assert [run.tensors[1].tolist() for run in runs] == [[[2, -4, 60, 127]], [[0, 2, -80, 10]]]
    assert set(runs[0].tensors) == {0, 1}
    assert np.array_equal(runs[1].tensors[0], SAMPLES[1][0])
    assert (oracle.name, oracle.missing_kernels()) == ("tflm", ())
    assert oracle.version.startswith("0.dev")


@pytest.mark.oracle
@needs_tflm
def test_tflm_keeps_state_between_samples_and_starts_anew_with_each_run():
    oracle = TflmOracle(_stateful_model())
    samples = [(np.array([[1.0, n]], np.float32),) for n in range(3)]
    for _ in range(2):
        runs = oracle.run(samples, keep=[1])
        assert [run.outputs[0].tolist() for run in runs] == [[[1, 0]], [[2, 1]], [[3, 3]]]
        assert runs[0].tensors == {}, "a resource handle has no value"


@pytest.mark.oracle
@needs_tflm
def test_the_arena_doubles_until_the_model_fits(monkeypatch):
    asked = []

    def watched(request: Request) -> object:
        asked.append(request.arena)
        return call(request)

    monkeypatch.setattr(tflm, "_FIRST_ARENA", 256)
    monkeypatch.setattr(tflm, "call", watched)
    assert TflmOracle(_add_model()).run(SAMPLES)[0].outputs[0].tolist() == [[4, -8, 120, 127]]
    assert asked[0] == 256
    assert asked[1:] == [size * 2 for size in asked[:-1]]
    assert len(asked) > 1


@pytest.mark.oracle
@needs_tflm
def test_an_arena_at_the_limit_is_a_tool_error(monkeypatch):
    monkeypatch.setattr(tflm, "_FIRST_ARENA", 256)
    monkeypatch.setattr(tflm, "_LAST_ARENA", 512)
    with pytest.raises(ToolError, match="could not run the model") as error:
        TflmOracle(_add_model()).run(SAMPLES)
    assert "missing: " in str(error.value)


@pytest.mark.oracle
@needs_tflm
def test_a_model_that_tflm_refuses_is_a_tool_error_with_its_last_lines():
    model = _add_model(dtype=DType.UINT8)
    with pytest.raises(ToolError, match="TensorFlow Lite Micro could not run the model") as error:
        TflmOracle(model).run([(np.zeros((1, 4), np.uint8),)])
    assert error.value.exit_code == 5
    assert "Type UINT8 (3) not support" in str(error.value)
    assert "--vectors" in str(error.value)


@pytest.mark.oracle
@needs_tflm
@pytest.mark.parametrize("damage", [b"", b"TFL3" * 40])
def test_a_file_that_crashes_tflm_is_a_tool_error(damage):
    with pytest.raises(ToolError, match="could not run the model") as error:
        TflmOracle(damage).missing_kernels()
    assert "The interpreter" in str(error.value)


@pytest.mark.oracle
@needs_tflm
def test_an_unknown_op_is_named():
    assert TflmOracle(_add_model("RELU_0_TO_1")).missing_kernels() == ("RELU_0_TO_1",)


@pytest.mark.oracle
@needs_tflm
def test_a_custom_op_of_the_users_needs_vectors():
    with pytest.raises(ToolError, match="no kernel for a custom operator") as error:
        TflmOracle(_add_model("Mine")).missing_kernels()
    assert "--vectors" in error.value.hints[0]


@pytest.mark.oracle
@needs_tflm
@pytest.mark.parametrize("name", ["kws_ds_cnn", "mcunet_vww", "okay_nabu_streaming"])
def test_real_models_run_with_intermediates(name):
    import tflite  # noqa: PLC0415

    data = model_path(name).read_bytes()
    graph = tflite.Model.GetRootAs(data, 0).Subgraphs(0)
    first = graph.Tensors(graph.Inputs(0))
    dtype = np.float32 if first.Type() == tflite.TensorType.FLOAT32 else np.int8
    sample = (np.zeros(tuple(first.ShapeAsNumpy()), dtype),)
    written = [
        graph.Operators(n).Outputs(0)
        for n in range(graph.OperatorsLength())
        if graph.Operators(n).OutputsLength()
    ]
    (run,) = TflmOracle(data).run([sample], keep=written)
    last = graph.Outputs(0)
    assert len(run.tensors) > 5
    assert np.array_equal(run.tensors[last], run.outputs[0])


# LiteRT and the choice


@needs_litert
def test_litert_returns_outputs_and_intermediates():
    engine = litert.find_engine()
    assert engine is not None
    oracle = LiteRtOracle(_add_model(), engine)
    runs = oracle.run(SAMPLES, keep=[1, 99])
    assert [run.outputs[0].tolist() for run in runs] == [[[4, -8, 120, 127]], [[0, 4, -128, 20]]]
    assert runs[1].tensors[1].tolist() == [[0, 2, -80, 10]]
    assert set(runs[0].tensors) == {1}
    assert oracle.name == "litert"
    assert "(ai-edge-litert)" in oracle.version or "(tensorflow" in oracle.version


@needs_litert
def test_what_litert_refuses_is_a_tool_error():
    with pytest.raises(ToolError, match="LiteRT could not run the model"):
        litert.make(_add_model("NO_SUCH_OP"), ["X"]).run(SAMPLES)


@pytest.mark.oracle
@needs_tflm
def test_tflm_is_chosen_where_it_has_every_kernel(tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(_add_model())
    assert choose_oracle(path, _model()).name == "tflm"


@pytest.mark.oracle
@needs_tflm
@needs_litert
def test_litert_is_chosen_where_tflm_has_no_kernel(tmp_path):
    path = tmp_path / "m.tflite"
    writer = ModelWriter()
    x = writer.input("x", (1, 4), DType.FLOAT32)
    y = writer.tensor("y", (1, 4), DType.FLOAT32)
    writer.op("RELU_0_TO_1", [x], [y])
    path.write_bytes(writer.finish([y]))
    oracle = choose_oracle(path, _model())
    assert oracle.name == "litert"
    (run,) = oracle.run([(np.array([[-1, 0.5, 1, 2]], np.float32),)])
    assert run.outputs[0].tolist() == [[0, 0.5, 1, 1]]


@pytest.mark.oracle
@needs_tflm
@needs_litert
def test_litert_is_chosen_where_tflm_refuses_a_dtype_only_when_it_runs(tmp_path):
    writer = ModelWriter()
    x = writer.input("x", (1, 4), DType.UINT8)
    y = writer.tensor("y", (1, 4), DType.INT32)
    writer.op("CAST", [x], [y], {})
    path = tmp_path / "m.tflite"
    path.write_bytes(writer.finish([y]))
    oracle = choose_oracle(path, frontend.load(path).model)
    assert oracle.name == "litert"
    (run,) = oracle.run([(np.array([[0, 1, 200, 255]], np.uint8),)])
    assert run.outputs[0].tolist() == [[0, 1, 200, 255]]


def test_a_model_that_cannot_be_read_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        choose_oracle(tmp_path / "none.tflite", _model())


# What is missing


def _hide(monkeypatch, *packages: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in packages else find(name))


def test_a_missing_tflm_wheel_names_the_command_and_the_way_around(monkeypatch):
    _hide(monkeypatch, "tflite_micro")
    monkeypatch.setattr(tflm, "available_here", lambda: True)
    with pytest.raises(ToolError, match="oracle is missing") as error:
        TflmOracle(b"").run([])
    assert f"{sys.executable} -m pip install '{tflm.REQUIREMENT}'" in str(error.value)
    assert "--vectors FILE.npz" in str(error.value)


def test_where_no_wheel_exists_vectors_are_the_only_advice(monkeypatch):
    _hide(monkeypatch, "tflite_micro")
    monkeypatch.setattr(tflm, "available_here", lambda: False)
    with pytest.raises(ToolError) as error:
        TflmOracle(b"").missing_kernels()
    assert "pip install" not in str(error.value)
    assert len(error.value.hints) == 1


def test_a_missing_litert_names_the_ops_that_need_it(monkeypatch):
    _hide(monkeypatch, "ai_edge_litert", "tensorflow")
    with pytest.raises(ToolError, match="LiteRT") as error:
        litert.make(b"", ["COS", "SIN"])
    assert "no kernel for COS, SIN" in str(error.value)
    assert "pip install ai-edge-litert" in str(error.value)


def test_the_wheel_in_messages_is_the_one_that_the_project_pins():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = project["project"]["optional-dependencies"]["oracle"]
    assert tflm.REQUIREMENT in {requirement.split(";")[0] for requirement in pinned}


# The worker and its process


class _Doubler:
    """An engine that needs nothing installed."""

    def infer(self, inputs):
        return [value * 2 for value in inputs]

    def tensor(self, index):
        return np.array([index]) if index < 2 else None


def test_the_worker_answers_every_sample(tmp_path):
    (tmp_path / "model.tflite").write_bytes(_add_model())
    request = {"engine": "x", "arena": 0, "samples": 2, "inputs": 1, "keep": [1, 2, 99]}
    (tmp_path / "request.json").write_text(json.dumps(request), encoding="utf-8")
    np.savez(tmp_path / "in.npz", in0_0=np.array([1]), in1_0=np.array([5]))
    worker.answer(tmp_path, lambda asked, model: _Doubler())
    with np.load(tmp_path / "out.npz") as found:
        assert {name: found[name].tolist() for name in found} == {
            "out0_0": [2],
            "out1_0": [10],
            "tensor0_1": [1],
            "tensor1_1": [1],
        }


def _with_worker(monkeypatch, tmp_path, text: str) -> None:
    script = tmp_path / "worker.py"
    script.write_text(text, encoding="utf-8")
    monkeypatch.setattr(process.worker, "__file__", str(script))


def test_a_worker_that_hangs_is_ended(monkeypatch, tmp_path):
    _with_worker(monkeypatch, tmp_path, "import time; time.sleep(60)")
    with pytest.raises(BudgetError, match=r"TFLM took longer than 0\.3 s"):
        call(Request("TFLM", "tflm", b"", timeout=0.3))


def test_a_worker_that_aborts_leaves_its_last_lines(monkeypatch, tmp_path):
    _with_worker(
        monkeypatch,
        tmp_path,
        "import os, sys\nprint('x' * 200_000)\nprint('CHECK failed', flush=True)\nos.abort()",
    )
    failure = call(Request("TFLM", "tflm", b""))
    assert isinstance(failure, Failure)
    assert failure.lines()[0] == "The interpreter was ended by SIGABRT."
    assert failure.lines()[-1] == "CHECK failed"
    assert len(failure.log) <= 65_536
    assert all(len(line) <= 300 for line in failure.lines())


def test_an_exit_code_is_told(monkeypatch, tmp_path):
    _with_worker(monkeypatch, tmp_path, "import sys; sys.exit('ValueError: no')")
    failure = call(Request("TFLM", "tflm", b""))
    assert failure == Failure("The interpreter ended with exit code 1.", "ValueError: no\n")


def test_a_worker_s_prints_reach_nobody(monkeypatch, tmp_path, capfd):
    _with_worker(
        monkeypatch,
        tmp_path,
        "import sys, numpy\nprint('noise', flush=True)\nnumpy.savez(sys.argv[1] + '/out.npz')",
    )
    assert call(Request("TFLM", "tflm", b"")) == []
    assert capfd.readouterr() == ("", "")
