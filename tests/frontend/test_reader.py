"""What a file becomes: graphs, tensors, quantization, origins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.models import model_path
from tests.support.small_models import conv_classifier
from tests.support.tflite_writer import ModelWriter
from tinygen.errors import ModelError, UsageError
from tinygen.frontend import load, parse, read, survey
from tinygen.ir import DType, Origin, Quantization, format_graph
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.geometry import Activation, Padding


def test_a_model_as_text(golden: Callable[[str, str], None]) -> None:
    golden("frontend/conv_classifier.txt", format_graph(parse(conv_classifier(), "classifier.tflite").main))


def test_name_and_digest() -> None:
    data = conv_classifier()
    model = parse(data, "My classifier.tflite")
    assert model.name == "My_classifier"
    assert model.sha256 == hashlib.sha256(data).hexdigest()


def test_read_and_load_take_a_path(tmp_path: Path) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(conv_classifier())
    assert read(path).name == "small"
    assert load(path).violations == ()


def test_ops_have_typed_attributes_and_their_source() -> None:
    graph = parse(conv_classifier(), "classifier").main
    assert [op.sources for op in graph.ops] == [(0,), (1,), (2,), (3,), (4,)]
    attributes = graph.ops[0].attributes
    assert attributes == Conv2DAttributes(1, 1, 1, 1, Padding.SAME, Activation.RELU6)
    assert graph.ops[3].inputs[2] is None


def test_activations_have_an_origin_and_constants_have_data() -> None:
    graph = parse(conv_classifier(), "classifier").main
    for key, tensor in graph.tensors.items():
        assert (tensor.data is None) == (tensor.origin is not None)
        assert tensor.origin in (None, Origin(key))


def test_quantization_per_channel() -> None:
    graph = parse(conv_classifier(), "classifier").main
    quant = graph.operand(graph.ops[0], 1).quant
    assert quant is not None
    assert quant.per_channel
    assert quant.scales == tuple(float(np.float32(scale)) for scale in (0.01, 0.02, 0.03, 0.04))
    assert quant.zero_points == (0, 0, 0, 0)
    assert quant.axis == 0


def test_a_bias_with_the_axis_of_its_filter_is_quantized_along_its_own() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 2), scales=0.5)
    matrix = w.constant("m", np.ones((3, 2)), DType.INT8, 0.1)
    bias = w.constant("b", np.ones(3), DType.INT32, (0.05, 0.05, 0.05), 0, 3)
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op("FULLY_CONNECTED", [x, matrix, bias], [y], {})
    graph = survey(w.finish([y]), "x").model.main
    assert graph.operand(graph.ops[0], 2).quant == Quantization((float(np.float32(0.05)),) * 3, (0, 0, 0), 0)


def test_int4_constants_are_unpacked() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 3), scales=0.5)
    values = np.array([[-8, -1, 7], [0, 3, -5], [1, 2, 4]])
    matrix = w.constant("m", values, DType.INT4, 0.1)
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    graph = survey(w.finish([y]), "x").model.main
    data = graph.operand(graph.ops[0], 1).data
    assert data is not None
    np.testing.assert_array_equal(data, values)


def test_constants_cannot_be_written() -> None:
    graph = parse(conv_classifier(), "classifier").main
    data = graph.operand(graph.ops[0], 1).data
    assert data is not None
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 0


def test_a_batch_that_the_file_sets_to_one_is_not_dynamic() -> None:
    assert survey(conv_classifier(), "classifier").refusal is None


def test_float_edges_are_accepted() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), DType.FLOAT32)
    q = w.tensor("q", (1, 4), scales=0.5)
    w.op("QUANTIZE", [x], [q])
    s = w.tensor("s", (1, 4), scales=1 / 256, zero_points=-128)
    w.op("SOFTMAX", [q], [s], {"beta": 1.0})
    y = w.tensor("y", (1, 4), DType.FLOAT32)
    w.op("DEQUANTIZE", [s], [y])
    assert [op.kind for op in parse(w.finish([y]), "x").main.ops] == ["QUANTIZE", "SOFTMAX", "DEQUANTIZE"]


def test_variables_and_further_subgraphs_are_kept() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    state = w.tensor("state", (1, 4), scales=0.5, variable=True)
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("ADD", [x, state], [y], {})
    branch = w.subgraph("branch")
    a = branch.input("a", (1, 4), scales=0.5)
    b = branch.tensor("b", (1, 4), scales=0.5)
    branch.op("RELU", [a], [b])
    branch.outputs = [b]
    model = parse(w.finish([y]), "x")
    assert model.main.tensors[state].variable
    assert [graph.name for graph in model.graphs] == ["main", "branch"]
    assert model.graphs[1].tensors[b].origin is None


def test_tensors_that_nothing_names_are_dropped() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    unused = w.tensor("unused", (1, 4))
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("RELU", [x], [y])
    assert unused not in parse(w.finish([y]), "x").main.tensors


def test_options_of_another_operator_are_as_good_as_none() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=1 / 256, zero_points=-128)
    w.op("SOFTMAX", [x], [y], {"axis": 1, "values_count": 1}, table="PackOptions")
    with pytest.raises(ModelError, match="beta 0"):
        parse(w.finish([y]), "x")


def test_missing_files_are_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "absent.tflite")
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)


SUPPORTED = {
    "kws_ds_cnn": 13,
    "ic_resnet8": 16,
    "vww_mobilenet_v1": 31,
    "ad_autoencoder": 10,
    "micro_speech": 4,
    "person_detect": 31,
    "mcunet_vww": 63,
    "mobilenet_v1_096_shape_ops": 38,
    "arrhythmia": 111,
    "activity_int16x8": 23,
}


@pytest.mark.parametrize("name", SUPPORTED)
def test_public_models_are_supported(name: str) -> None:
    model = read(model_path(name))
    assert model.name == name
    assert len(model.main.ops) == SUPPORTED[name]
