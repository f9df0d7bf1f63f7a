"""Small .tflite files that several tests read, damage or run."""

from __future__ import annotations

import numpy as np

from tests.support.tflite_writer import ModelWriter
from tinygen.ir import DType


def conv_classifier() -> bytes:
    """Input 1x6x5x2, per-channel conv with RELU6, max pool, fully connected, softmax over 3 classes."""
    rng = np.random.default_rng(7)
    w = ModelWriter()
    image = w.input("image", (1, 6, 5, 2), scales=0.5, zero_points=3, shape_signature=(-1, 6, 5, 2))
    scales = (0.01, 0.02, 0.03, 0.04)
    weights = w.constant("filter", rng.integers(-127, 128, (4, 3, 3, 2)), DType.INT8, scales)
    biases = rng.integers(-500, 500, 4)
    bias = w.constant("bias", biases, DType.INT32, [0.5 * scale for scale in scales])
    features = w.tensor("conv/Relu6", (1, 6, 5, 4), scales=6 / 255, zero_points=-128)
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU6"}
    w.op("CONV_2D", [image, weights, bias], [features], options)
    pooled = w.tensor("pool", (1, 3, 2, 4), scales=6 / 255, zero_points=-128)
    window = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2, "padding": "VALID"}
    w.op("MAX_POOL_2D", [features], [pooled], window)
    flat = w.tensor("flat", (1, 24), scales=6 / 255, zero_points=-128)
    shape = w.constant("shape", np.array([-1, 24]), DType.INT32)
    w.op("RESHAPE", [pooled, shape], [flat], {"new_shape": [-1, 24]})
    matrix = w.constant("matrix", rng.integers(-127, 128, (3, 24)), DType.INT8, 0.01)
    logits = w.tensor("dense", (1, 3), scales=0.1, zero_points=5)
    w.op("FULLY_CONNECTED", [flat, matrix, None], [logits], {"fused_activation_function": "NONE"})
    classes = w.tensor("softmax", (1, 3), scales=1 / 256, zero_points=-128)
    w.op("SOFTMAX", [logits], [classes], {"beta": 1.0})
    return w.finish([classes])


def dense_network() -> bytes:
    """Input 1x16, two fully connected layers, 4 outputs that depend on every weight."""
    rng = np.random.default_rng(3)
    w = ModelWriter()
    x = w.input("sensor", (1, 16), scales=0.02, zero_points=-5)
    first = w.constant("first", rng.integers(-127, 128, (8, 16)), DType.INT8, 0.01)
    hidden = w.tensor("hidden", (1, 8), scales=0.08, zero_points=3)
    w.op("FULLY_CONNECTED", [x, first, None], [hidden], {"fused_activation_function": "NONE"})
    second = w.constant("second", rng.integers(-127, 128, (4, 8)), DType.INT8, 0.01)
    scores = w.tensor("scores", (1, 4), scales=0.2, zero_points=1)
    w.op("FULLY_CONNECTED", [hidden, second, None], [scores], {"fused_activation_function": "NONE"})
    return w.finish([scores])
