"""UNIDIRECTIONAL_SEQUENCE_LSTM over successive calls, many layers in one model, against TFLM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.support.streams import CALLS, check_calls
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import DType
from tinygen.oracle import TflmOracle

pytestmark = pytest.mark.oracle


@dataclass(frozen=True)
class Layer:
    """A layer on an input of its own.

    Attributes:
        sizes: batches, steps, inputs and units.
        wide: int16 activations.
        time_major: steps before batches.
        clip: of the cell.
        cell: logarithm of the cell's scale.
        hidden_zero: zero point of the output.
        loud: factor on the weights, up to where gates saturate.
    """

    sizes: tuple[int, int, int, int]
    wide: bool = False
    time_major: bool = False
    clip: float = 0.0
    cell: float = -12
    hidden_zero: int = 0
    loud: float = 1.0


def add(writer: ModelWriter, layer: Layer, rng: np.random.Generator) -> tuple[int, int]:
    """Write a layer; its input and output."""
    batches, steps, inputs, units = layer.sizes
    dtype = DType.INT16 if layer.wide else DType.INT8
    rows = (steps, batches) if layer.time_major else (batches, steps)
    x_scale = float(rng.uniform(0.8, 1.2)) * (2.0**-14 if layer.wide else 2.0**-6)
    h_scale = float(rng.uniform(0.8, 1.2)) * (2.0**-15 if layer.wide else 2.0**-7)
    x = writer.input("x", (*rows, inputs), dtype, scales=x_scale, zero_points=0 if layer.wide else -5)

    def weights(name: str, elements: int) -> tuple[int, float]:
        scale = float(rng.uniform(0.5, 1) * layer.loud / 64 / elements**0.5)
        values = rng.integers(-127, 128, (units, elements))
        return writer.constant(name, values, DType.INT8, scale), scale

    given = [weights("w", inputs) for _ in range(4)]
    recurrent = [weights("r", units) for _ in range(4)]
    limit = int(0.7 / x_scale / given[0][1])
    biases = [
        writer.constant(
            "b",
            rng.integers(-limit, limit + 1, units),
            DType.INT64 if layer.wide else DType.INT32,
            scale * x_scale,
        )
        for _, scale in given
    ]
    hidden = writer.tensor("h", (batches, units), dtype, h_scale, layer.hidden_zero, variable=True)
    cell = writer.tensor("c", (batches, units), DType.INT16, 2.0**layer.cell, 0, variable=True)
    y = writer.tensor("y", (*rows, units), dtype, h_scale, layer.hidden_zero)
    operands = [x, *(item for item, _ in given), *(item for item, _ in recurrent), *[None] * 3, *biases]
    operands += [None, None, hidden, cell, *[None] * 4]
    options = {"fused_activation_function": 4, "cell_clip": layer.clip, "time_major": layer.time_major}
    writer.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, [y], options)
    return x, y


SIZES = ((1, 1, 1, 1), (1, 7, 5, 3), (1, 3, 12, 8), (2, 4, 3, 5), (3, 2, 9, 2), (1, 28, 28, 20))
VARIANTS = (
    {"clip": 10.0},
    {"time_major": True, "loud": 4.0},
    {"cell": -13.4, "clip": 0.05, "loud": 3.0},
    {"cell": -11, "loud": 8.0},
    {"cell": -9.9, "loud": 2.0, "clip": 1.5},
)


@pytest.mark.parametrize("wide", [False, True])
def test_layers(wide: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(3 + wide)
    writer = ModelWriter()
    layers = [
        Layer(sizes, wide, hidden_zero=0 if wide else zero, **variant)
        for sizes in SIZES
        for variant, zero in zip(VARIANTS, (0, -4, 17, -128, 127), strict=True)
    ]
    pairs = [add(writer, layer, rng) for layer in layers]
    data = writer.finish([y for _, y in pairs])
    info = np.iinfo(np.int16 if wide else np.int8)
    samples = [
        tuple(rng.integers(info.min, info.max + 1, writer.tensors[x].shape, info.dtype) for x, _ in pairs)
        for _ in range(CALLS)
    ]
    host = check_calls(data, tmp_path, samples=samples)
    variables = [index for index, tensor in enumerate(writer.tensors) if tensor.variable]
    runs = TflmOracle(data).run(samples, keep=variables)
    states = runs[-1].tensors
    padded = [states[index].tobytes().ljust(-(-states[index].nbytes // 4) * 4, b"\0") for index in variables]
    assert host.state() == b"".join(padded)
    outputs = np.concatenate([output.ravel() for run in runs for output in run.outputs])
    assert len(np.unique(outputs)) > 200, "the layers do something"
