"""Each reason to refuse a model: the message, what it rests on, and what to try."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.small_models import conv_classifier
from tests.support.tflite_writer import ModelWriter
from tinygen.errors import ModelError
from tinygen.frontend import load, parse, read, reader, survey
from tinygen.ir import DType


def refused(data: bytes) -> str:
    """The message of the error that `data` ends in."""
    with pytest.raises(ModelError) as error:
        parse(data, "m.tflite")
    assert error.value.exit_code == 3
    assert error.value.hints
    return str(error.value)


def dense(activations: DType, weights: DType, scale: float | None = None) -> bytes:
    w = ModelWriter()
    scales = () if scale is None else scale
    x = w.input("x", (1, 4), activations, scales=scales)
    matrix = w.constant("m", np.ones((3, 4)), weights, () if weights.is_float else 0.1)
    y = w.tensor("y", (1, 3), activations, scales=scales)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    return w.finish([y])


def relu(w: ModelWriter, shape: tuple[int, ...] = (1, 4)) -> bytes:
    """A RELU added to what `w` has, and the file."""
    x = w.input("x", shape, scales=0.5)
    y = w.tensor("y", shape, scales=0.5)
    w.op("RELU", [x], [y])
    return w.finish([y])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "m.tflite is empty"),
        (b"TFL3", "is not a TFLite model"),
        (b"hello, world", "The bytes 4 to 7 are not 'TFL3'."),
        (b"PK\x03\x04" + bytes(100), "looks like a .keras or other ZIP archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "looks like a Keras .h5 file"),
        (b"\x08\x07\x12\x07pytorch", "looks like an ONNX or SavedModel"),
    ],
)
def test_other_files(data: bytes, told: str) -> None:
    assert told in refused(data)


def test_every_truncation_is_told() -> None:
    data = conv_classifier()
    for length in range(8, len(data), 7):
        assert "m.tflite is damaged or truncated" in refused(data[:length])


def test_the_schema_version() -> None:
    message = refused(relu(ModelWriter(version=2)))
    assert "schema version 2; tinygen reads version 3" in message


def test_the_size_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_FILE", 1 << 20)
    path = tmp_path / "large.tflite"
    path.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(ModelError, match="larger than 1 MiB"):
        load(path)
    with pytest.raises(ModelError, match="larger than 1 MiB"):
        survey(path.read_bytes(), "large")


def test_a_float_model() -> None:
    message = refused(dense(DType.FLOAT32, DType.FLOAT32))
    assert "m.tflite is a float model; tinygen compiles fully int8-quantized models" in message
    assert "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]" in message
    assert "weights take 48 B of flash as float32; as int8 they would take about 12 B" in message
    assert "--allow-float" in message


def scaled_tanh() -> bytes:
    w = ModelWriter()
    x = w.input("x", (1, 4), DType.FLOAT32)
    factor = w.constant("factor", np.full((4,), 0.5), DType.FLOAT32)
    scaled, y = (w.tensor(name, (1, 4), DType.FLOAT32) for name in ("scaled", "y"))
    w.op("MUL", [x, factor], [scaled], {})
    w.op("TANH", [scaled], [y])
    return w.finish([y])


def test_a_float_model_may_be_allowed(tmp_path: Path) -> None:
    data = scaled_tanh()
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    assert parse(data, "m", allow_float=True).sha256 == read(path, allow_float=True).sha256
    assert load(path, allow_float=True).refusal is None
    assert load(path).refusal is not None


def test_other_float_activations_may_not() -> None:
    for weights in (DType.INT8, DType.FLOAT16):
        found = survey(dense(DType.FLOAT32, weights), "m", allow_float=True)
        assert found.refusal is not None


def test_a_float16_model() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), DType.FLOAT32)
    half = w.constant("half", np.ones((3, 4)), DType.FLOAT16)
    matrix = w.tensor("m", (3, 4), DType.FLOAT32)
    w.op("DEQUANTIZE", [half], [matrix])
    y = w.tensor("y", (1, 3), DType.FLOAT32)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    assert "is a float16 model" in refused(w.finish([y]))


def test_a_dynamic_range_model() -> None:
    message = refused(dense(DType.FLOAT32, DType.INT8))
    assert "m.tflite is dynamic-range quantized" in message
    assert "weights are int8, but activations are float32" in message
    assert "representative_dataset" in message


def test_a_uint8_model() -> None:
    message = refused(dense(DType.UINT8, DType.UINT8, 0.5))
    assert "m.tflite is uint8-quantized" in message
    assert "layer 0 'y' (FULLY_CONNECTED)" in message


@pytest.mark.parametrize("kind", ["ethos-u", "edgetpu-custom-op"])
def test_a_model_compiled_for_an_npu(kind: str) -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op(kind, [x], [y], custom_options=b"\x01\x04\x01")
    message = refused(w.finish([y]))
    assert f"m.tflite is already compiled for an NPU ({kind})" in message
    assert "Vela" in message


@pytest.mark.parametrize(
    ("shape", "signature"),
    [((1, 1, 4), (1, -1, 4)), ((2, 4), (-1, 4)), ((1, -1), None), ((-1, 4), None), ((1, 1), (-1, -1))],
)
def test_dynamic_shapes(shape: tuple[int, ...], signature: tuple[int, ...] | None) -> None:
    w = ModelWriter()
    x = w.input("sound", shape, scales=0.5, shape_signature=signature)
    y = w.tensor("y", tuple(max(size, 1) for size in shape), scales=0.5)
    w.op("RELU", [x], [y])
    message = refused(w.finish([y]))
    assert "m.tflite has dynamic shapes" in message
    assert f"tensor 0 'sound': {list(signature or shape)}" in message


def test_control_flow() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("CALL", [x], [y], {"subgraph": 1})
    called = w.subgraph("called")
    called.outputs = [called.input("a", (1, 4), scales=0.5)]
    data = w.finish([y])
    assert "control flow (CALL)" in refused(data)
    assert len(survey(data, "m").model.graphs) == 2


def test_sparse_tensors() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    matrix = w.tensor("m", (3, 4), scales=0.1, buffer=w.raw_buffer(b"\1\2"), sparse=True)
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    message = refused(w.finish([y]))
    assert "m.tflite has 1 sparse tensors" in message
    assert "tensor 'm'" in message


def test_models_that_compute_nothing() -> None:
    empty = ModelWriter()
    assert "It has no inputs." in refused(empty.finish([]))
    through = ModelWriter()
    x = through.input("x", (1, 4), scales=0.5)
    message = refused(through.finish([x]))
    assert "It has no ops." in message
    assert "Output 'x' is an input or a constant." in message


def test_all_unsupported_layers_are_told_at_once() -> None:
    w = ModelWriter()
    x = w.input("x", (2, 4, 4, 2), scales=0.5)
    clipped = w.tensor("block1/clip", (2, 4, 4, 2), scales=1 / 128)
    w.op("RELU_N1_TO_1", [x], [clipped])
    pool = w.tensor("block1/pool", (2, 2, 2, 2), scales=1 / 128)
    window = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    w.op(
        "MAX_POOL_2D",
        [
            clipped,
        ],
        [pool],
        {**window, "fused_activation_function": "TANH"},
    )
    custom = w.tensor("n" * 10_000, (2, 2), scales=0.5)
    w.op("MyOp", [pool], [custom])
    y = w.tensor("y", (2, 2), scales=0.5)
    w.op("ADD", [custom, custom], [y], {"fused_activation_function": 77})
    data = w.finish([y])
    message = refused(data)
    assert "m.tflite is not supported: 4 layers of it cannot be compiled" in message
    assert "layer 0 'block1/clip' (RELU_N1_TO_1): The operator is one that tinygen supports." in message
    assert "layer 1 'block1/pool' (MAX_POOL_2D): The batch size is 1. Found: batch 2." in message
    assert "The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6. Found: TANH." in message
    assert "layer 2 'nnnn" in message
    assert "custom operator 'MyOp'" in message
    assert "layer 3 'y' (ADD): The options have values that TFLM supports." in message
    assert len(message) < 4000
    assert len(survey(data, "m").violations) == 5


def test_a_custom_operator_with_a_builtin_name_is_custom() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 4), scales=0.5)
    w.op("VIEW", [x], [y])
    assert "custom operator 'VIEW'" in refused(w.finish([y]))


def test_long_lists_are_cut() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    for index in range(200):
        y = w.tensor(f"t{index}", (1, 4), scales=0.5)
        w.op("LOGISTIC", [x], [y])
        x = y
    message = refused(w.finish([x]))
    assert "200 layers" in message
    assert "and 150 more" in message


def test_outputs_of_another_shape_than_computed() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 5), scales=0.5)
    w.op("RELU", [x], [y])
    message = refused(w.finish([y]))
    assert "The output's shape follows from the inputs and the options." in message
    assert "[1, 5] where [1, 4] is computed" in message
