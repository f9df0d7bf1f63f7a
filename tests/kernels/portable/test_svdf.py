"""SVDF over successive calls, many layers in one model, against TFLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.support.streams import CALLS, check_calls
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import Array, DType
from tinygen.oracle import TflmOracle

pytestmark = pytest.mark.oracle


@dataclass(frozen=True)
class Layer:
    """An SVDF on an input of its own.

    Attributes:
        sizes: batches, features, units, rank and memory.
        state: dtype of state and time weights; float32 for a float layer.
        activation: number in the schema.
        bias: whether a float layer has one.
        zero_points: of input, state and output.
    """

    sizes: tuple[int, int, int, int, int]
    state: DType = DType.INT8
    activation: int = 0
    bias: bool = True
    zero_points: tuple[int, int, int] = (-3, 5, 11)


def add(writer: ModelWriter, layer: Layer, rng: np.random.Generator) -> tuple[int, int]:
    """Write a layer; its input and output."""
    if layer.state is DType.FLOAT32:
        return add_float(writer, layer, rng)
    batches, features, units, rank, memory = layer.sizes
    filters = units * rank
    wide = layer.state is DType.INT16
    zero_input, zero_state, zero_output = layer.zero_points
    scales = [float(scale) for scale in rng.uniform(0.004, 0.02, 2).astype(np.float32)]
    state_scale = float(scales[0] * scales[1] * features**0.5 * (0.3 if wide else 60))
    time_scale = float(rng.uniform(2e-5, 5e-5) if wide else rng.uniform(0.004, 0.02))
    output_scale = float(state_scale * time_scale * (3e6 if wide else 70 * (rank * memory) ** 0.5))
    limits = np.iinfo(layer.state.numpy)
    time = rng.integers(
        limits.min // 16 if wide else -127, limits.max // 16 if wide else 128, (filters, memory)
    )
    x = writer.input("x", (batches, features), scales=scales[0], zero_points=zero_input)
    operands = [
        x,
        writer.constant("w", rng.integers(-127, 128, (filters, features)), DType.INT8, scales[1]),
        writer.constant("t", time, layer.state, time_scale),
        writer.constant("b", rng.integers(-9000, 9000, units), DType.INT32, state_scale * time_scale),
        writer.tensor("s", (batches, filters * memory), layer.state, state_scale, zero_state, variable=True),
    ]
    y = writer.tensor("y", (batches, units), scales=output_scale, zero_points=zero_output)
    writer.op("SVDF", operands, [y], {"rank": rank, "fused_activation_function": layer.activation})
    return x, y


def add_float(writer: ModelWriter, layer: Layer, rng: np.random.Generator) -> tuple[int, int]:
    batches, features, units, rank, memory = layer.sizes
    filters = units * rank
    x = writer.input("x", (batches, features), DType.FLOAT32)
    operands = [
        x,
        writer.constant("w", rng.normal(size=(filters, features)), DType.FLOAT32),
        writer.constant("t", rng.normal(size=(filters, memory)), DType.FLOAT32),
        writer.constant("b", rng.normal(size=units), DType.FLOAT32) if layer.bias else None,
        writer.tensor("s", (batches, filters * memory), DType.FLOAT32, variable=True),
    ]
    y = writer.tensor("y", (batches, units), DType.FLOAT32)
    writer.op("SVDF", operands, [y], {"rank": rank, "fused_activation_function": layer.activation})
    return x, y


SIZES = (
    (1, 1, 1, 1, 1),
    (1, 7, 3, 1, 4),
    (1, 16, 8, 2, 8),
    (2, 5, 3, 3, 2),
    (3, 9, 2, 1, 1),
    (1, 40, 5, 1, 10),
    (2, 33, 7, 2, 3),
    (1, 40, 128, 1, 1),
)


def check(layers: Sequence[Layer], folder: Path, seed: int) -> None:
    """All layers in one model, over `CALLS` calls; floats need one quantized op for the model to be read."""
    rng = np.random.default_rng(seed)
    writer = ModelWriter()
    pairs = [add(writer, layer, rng) for layer in layers]
    if any(layer.state is DType.FLOAT32 for layer in layers):
        pairs.append(add(writer, Layer(SIZES[0]), rng))
    data = writer.finish([y for _, y in pairs])
    samples = [tuple(_input(writer, x, rng) for x, _ in pairs) for _ in range(CALLS)]
    host = check_calls(data, folder, samples=samples)
    variables = [index for index, tensor in enumerate(writer.tensors) if tensor.variable]
    states = TflmOracle(data).run(samples, keep=variables)[-1].tensors
    padded = [states[index].tobytes().ljust(-(-states[index].nbytes // 4) * 4, b"\0") for index in variables]
    assert host.state() == b"".join(padded)


def _input(writer: ModelWriter, x: int, rng: np.random.Generator) -> Array:
    tensor = writer.tensors[x]
    if tensor.dtype is DType.FLOAT32:
        values: Array = rng.normal(size=tensor.shape).astype(np.float32)
        return values
    return rng.integers(-128, 128, tensor.shape, np.int8)


@pytest.mark.parametrize("state", [DType.INT8, DType.INT16])
def test_integers(state: DType, tmp_path: Path) -> None:
    zeros = [(-3, 5, 11), (-128, -50, -128), (127, 127, 0), (0, -128, 127)]
    layers = [
        Layer(
            sizes, state, activation, zero_points=points if state is DType.INT8 else (points[0], 0, points[2])
        )
        for sizes in SIZES
        for activation, points in zip((0, 1, 0, 1), zeros, strict=True)
    ]
    check(layers, tmp_path, seed=1)


def test_floats(tmp_path: Path) -> None:
    layers = [
        Layer(sizes, DType.FLOAT32, activation, bias)
        for sizes in SIZES
        for activation, bias in ((0, True), (1, True), (2, True), (3, True))
    ]
    check(layers, tmp_path, seed=2)
