"""Files that users give and tinygen refuses, with what the message has to tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.support.small_models import conv_classifier
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import DType


@dataclass(frozen=True)
class BadModel:
    """A file and the fragments that its error has to have, in this order."""

    data: bytes
    told: tuple[str, ...]


def _dense(activations: DType, weights: DType, scale: float | None = None) -> bytes:
    w = ModelWriter()
    scales = () if scale is None else scale
    x = w.input("x", (1, 4), activations, scales=scales)
    matrix = w.constant("m", np.ones((3, 4)), weights, () if weights.is_float else 0.1)
    y = w.tensor("dense/out", (1, 3), activations, scales=scales)
    w.op("FULLY_CONNECTED", [x, matrix], [y], {})
    return w.finish([y])


def _relu(w: ModelWriter, shape: tuple[int, ...] = (1, 4), **details: tuple[int, ...]) -> bytes:
    x = w.input("sound", shape, scales=0.5, **details)
    y = w.tensor("y", shape, scales=0.5)
    w.op("RELU", [x], [y])
    return w.finish([y])


def _compiled_for_npu() -> bytes:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("y", (1, 3), scales=0.5)
    w.op("ethos-u", [x], [y], custom_options=b"\x01\x04\x01")
    return w.finish([y])


def _control_flow() -> bytes:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.5)
    y = w.tensor("called", (1, 4), scales=0.5)
    w.op("CALL", [x], [y], {"subgraph": 1})
    called = w.subgraph("callee")
    called.outputs = [called.input("a", (1, 4), scales=0.5)]
    return w.finish([y])


def unsupported() -> bytes:
    """Four layers with five faults: an unknown operator, options, a custom operator with an endless name."""
    w = ModelWriter()
    x = w.input("x", (2, 4, 4, 2), scales=0.5)
    sums = w.tensor("block1/sums", (2, 4, 4, 2), scales=1 / 128)
    w.op("SEGMENT_SUM", [x], [sums])
    pool = w.tensor("block1/pool", (2, 2, 2, 2), scales=1 / 128)
    window = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    w.op("MAX_POOL_2D", [sums], [pool], {**window, "fused_activation_function": "SIGN_BIT"})
    custom = w.tensor("n" * 10_000, (2, 2), scales=0.5)
    w.op("MyOp", [pool], [custom])
    y = w.tensor("sum", (2, 2), scales=0.5)
    w.op("ADD", [custom, custom], [y], {"fused_activation_function": 77})
    return w.finish([y])


def _hostile() -> bytes:
    """A tensor of 2**62 elements behind a name full of control characters."""
    w = ModelWriter()
    x = w.input("\x1b[31m\n" * 2000, (1, 4), scales=0.5)
    y = w.tensor("y", (2**31 - 1, 2**31 - 1), scales=0.5)
    w.op("RELU", [x], [y])
    return w.finish([y])


_CONVERTER = (
    "Things to try:",
    "tf.lite.TFLiteConverter.from_keras_model(model)",
    "converter.representative_dataset = representative_dataset",
    "tf.lite.OpsSet.TFLITE_BUILTINS_INT8",
    "converter.inference_input_type = tf.int8",
)


def bad_models() -> dict[str, BadModel]:
    """Every kind of file that is refused, by a name for it."""
    good = conv_classifier()
    return {
        "text": BadModel(
            b"hello, world: no model at all", ("is not a TFLite model.", "Give a .tflite file.")
        ),
        "keras": BadModel(b"\x89HDF\r\n\x1a\n" + bytes(99), ("is not a TFLite model.", "a Keras .h5 file")),
        "empty": BadModel(b"", ("is empty.", "Copy or download the file again.")),
        "truncated": BadModel(good[: len(good) // 2], ("is damaged or truncated.", "outside of the file.")),
        "schema": BadModel(_relu(ModelWriter(version=2)), ("schema version 2", "reads version 3.")),
        "float": BadModel(_dense(DType.FLOAT32, DType.FLOAT32), ("is a float model", *_CONVERTER)),
        "dynamic_range": BadModel(
            _dense(DType.FLOAT32, DType.INT8), ("is dynamic-range quantized", *_CONVERTER)
        ),
        "uint8": BadModel(
            _dense(DType.UINT8, DType.UINT8, 0.5), ("is uint8-quantized", "layer 0 'dense/out'", *_CONVERTER)
        ),
        "npu": BadModel(_compiled_for_npu(), ("compiled for an NPU (ethos-u)", "layer 0 'y'", "Vela")),
        "dynamic": BadModel(
            _relu(ModelWriter(), (1, 1, 4), shape_signature=(1, -1, 4)),
            ("has dynamic shapes.", "tensor 0 'sound': [1, -1, 4]", "batch_size=1"),
        ),
        "control_flow": BadModel(_control_flow(), ("has control flow", "(CALL)", "layer 0 'called' (CALL)")),
        "unsupported": BadModel(
            unsupported(),
            (
                "4 layers of it cannot be compiled.",
                "layer 0 'block1/sums' (SEGMENT_SUM): ",
                "layer 1 'block1/pool' (MAX_POOL_2D): The batch size is 1. Found: batch 2.",
                "layer 1 'block1/pool' (MAX_POOL_2D): ",
                "Found: SIGN_BIT.",
                "layer 2 'nnn",
                "custom operator 'MyOp'",
                "layer 3 'sum' (ADD): ",
                "Things to try:",
                "`tinygen ops`",
            ),
        ),
        "hostile": BadModel(_hostile(), ("is damaged or truncated.", "has shape [2147483647, 2147483647].")),
    }
