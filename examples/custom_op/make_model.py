"""Writes soft_threshold.tflite, a model of one SoftThreshold, and soft_threshold.npz, golden vectors for it.

No other tool computes SoftThreshold, so what it should compute is written down here once more, in numpy and
in real numbers: the vectors are the oracle of `tinygen test --vectors`.

Usage: python make_model.py [FOLDER]
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import flatbuffers
import numpy as np
import tflite

SHAPE = (1, 4, 8)
SCALE = 0.05
ZERO_POINT = -3
THRESHOLD = 0.5
SAMPLES = 8


def reference(quantized: np.ndarray) -> np.ndarray:
    """SoftThreshold as it is defined, on real numbers; quantized again to the nearest step."""
    real = (quantized.astype(np.float64) - ZERO_POINT) * SCALE
    shrunk = np.sign(real) * np.maximum(np.abs(real) - THRESHOLD, 0)
    return (np.rint(shrunk / SCALE) + ZERO_POINT).astype(np.int8)


def _table_vector(builder: flatbuffers.Builder, *tables: int) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return builder.EndVector()


def _numbers(builder: flatbuffers.Builder, dtype: str, *values: float) -> int:
    return builder.CreateNumpyVector(np.array(values, dtype))


def _tensor(builder: flatbuffers.Builder, name: str) -> int:
    scale, zero_point = _numbers(builder, "float32", SCALE), _numbers(builder, "int64", ZERO_POINT)
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scale)
    tflite.QuantizationParametersAddZeroPoint(builder, zero_point)
    quantization = tflite.QuantizationParametersEnd(builder)
    shape, text = _numbers(builder, "int32", *SHAPE), builder.CreateString(name)
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tflite.TensorType.INT8)
    tflite.TensorAddName(builder, text)
    tflite.TensorAddQuantization(builder, quantization)
    return tflite.TensorEnd(builder)


def _operator(builder: flatbuffers.Builder) -> int:
    inputs, outputs = _numbers(builder, "int32", 0), _numbers(builder, "int32", 1)
    options = _numbers(builder, "uint8", *struct.pack("<f", THRESHOLD))
    tflite.OperatorStart(builder)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    tflite.OperatorAddCustomOptions(builder, options)
    return tflite.OperatorEnd(builder)


def _graph(builder: flatbuffers.Builder) -> int:
    tensors = _table_vector(builder, _tensor(builder, "x"), _tensor(builder, "y"))
    operators = _table_vector(builder, _operator(builder))
    inputs, outputs = _numbers(builder, "int32", 0), _numbers(builder, "int32", 1)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    return tflite.SubGraphEnd(builder)


def model() -> bytes:
    """The .tflite file."""
    builder = flatbuffers.Builder(1024)
    code = builder.CreateString("SoftThreshold")
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, tflite.BuiltinOperator.CUSTOM)
    tflite.OperatorCodeAddBuiltinCode(builder, tflite.BuiltinOperator.CUSTOM)
    tflite.OperatorCodeAddCustomCode(builder, code)
    codes = _table_vector(builder, tflite.OperatorCodeEnd(builder))
    graphs = _table_vector(builder, _graph(builder))
    tflite.BufferStart(builder)
    buffers = _table_vector(builder, tflite.BufferEnd(builder))
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def vectors() -> dict[str, np.ndarray]:
    """Inputs and outputs by name, stacked along a new first axis."""
    inputs = np.random.default_rng(0).integers(-128, 128, (SAMPLES, *SHAPE)).astype(np.int8)
    return {"in0": inputs, "out0": reference(inputs)}


def main(folder: Path) -> None:
    """Write both files."""
    (folder / "soft_threshold.tflite").write_bytes(model())
    np.savez(folder / "soft_threshold.npz", **vectors())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
