"""Writes .tflite files op by op, for op matrices and for files that no converter would write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

from tinygen.ir import Array, DType

_OPTION_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
}
"""Options tables whose name does not follow from the operator's."""

_ENUMS: Mapping[str, Any] = {
    "padding": tflite.Padding,
    "fused_activation_function": tflite.ActivationFunctionType,
    "weights_format": tflite.FullyConnectedOptionsWeightsFormat,
    "mode": tflite.MirrorPadMode,
    "in_data_type": tflite.TensorType,
    "out_data_type": tflite.TensorType,
    "out_type": tflite.TensorType,
    "output_type": tflite.TensorType,
}
"""Option fields that may be given by the name of a schema constant."""


@dataclass
class _Tensor:
    name: str
    shape: tuple[int, ...]
    dtype: DType
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    buffer: int
    variable: bool
    shape_signature: tuple[int, ...] | None
    sparse: bool


@dataclass
class _Operator:
    kind: str
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any] | None
    table: str
    custom_options: bytes


@dataclass
class GraphWriter:
    """One subgraph under construction; tensors are named by the index that the methods return."""

    buffers: list[bytes]
    name: str = "main"
    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: DType = DType.INT8,
        scales: float | Sequence[float] = (),
        zero_points: int | Sequence[int] = (),
        axis: int = 0,
        *,
        buffer: int = 0,
        variable: bool = False,
        shape_signature: Sequence[int] | None = None,
        sparse: bool = False,
    ) -> int:
        """Add an activation (or, with `buffer`, a constant); zero points default to 0 for each scale."""
        scale_list = (scales,) if isinstance(scales, float | int) else tuple(scales)
        zero_list = (zero_points,) if isinstance(zero_points, int) else tuple(zero_points)
        self.tensors.append(
            _Tensor(
                name,
                tuple(shape),
                dtype,
                tuple(map(float, scale_list)),
                tuple(map(int, zero_list)) or (0,) * len(scale_list),
                axis,
                buffer,
                variable,
                None if shape_signature is None else tuple(shape_signature),
                sparse,
            )
        )
        return len(self.tensors) - 1

    def input(self, name: str, shape: Sequence[int], dtype: DType = DType.INT8, **details: Any) -> int:
        """Add a tensor that is an input of the graph; keywords as for `tensor`."""
        index = self.tensor(name, shape, dtype, **details)
        self.inputs.append(index)
        return index

    def constant(self, name: str, array: Array, dtype: DType = DType.INT8, *args: Any, **details: Any) -> int:
        """Add a constant of the array's shape; further arguments as for `tensor`.

        The array is converted to `dtype`; int4 values are packed two a byte, the first in the low bits.
        """
        values = np.asarray(array)
        if dtype is DType.INT4:
            flat = np.append(values.astype(np.int8).ravel(), np.zeros(values.size % 2, np.int8)) & 0xF
            raw = (flat[::2] | (flat[1::2] << 4)).astype(np.uint8).tobytes()
        else:
            raw = np.ascontiguousarray(values.astype(dtype.numpy)).tobytes()
        return self.tensor(name, values.shape, dtype, *args, buffer=self.raw_buffer(raw), **details)

    def raw_buffer(self, data: bytes) -> int:
        """Add a buffer and return its index, for `tensor(buffer=…)`."""
        self.buffers.append(data)
        return len(self.buffers) - 1

    def op(
        self,
        kind: str,
        inputs: Sequence[int | None],
        outputs: Sequence[int],
        options: Mapping[str, Any] | None = None,
        *,
        table: str | None = None,
        custom_options: bytes = b"",
    ) -> None:
        """Add an op.

        Args:
            kind: schema name of the operator, or any other name for a custom op.
            inputs, outputs: tensor indices; None is an optional input left out.
            options: the options table's fields in snake_case, unset ones taking the schema's defaults;
                enumerations by name or number, text, vectors as sequences. None leaves the table out.
            table: the options table's name where it is not the operator's own.
            custom_options: bytes given to a custom op.
        """
        self.operators.append(
            _Operator(
                kind, tuple(inputs), tuple(outputs), options, table or _table_name(kind), custom_options
            )
        )


class ModelWriter(GraphWriter):
    """A whole model: the first subgraph is the writer itself.

    >>> w = ModelWriter()
    >>> x = w.input("x", (1, 4), DType.INT8, scales=0.5)
    >>> y = w.tensor("y", (1, 4), DType.INT8, scales=1 / 256, zero_points=-128)
    >>> w.op("SOFTMAX", [x], [y], {"beta": 1.0})
    >>> data = w.finish(outputs=[y])
    """

    def __init__(self, *, version: int = 3, description: str = "", metadata: Sequence[str] = ()) -> None:
        super().__init__(buffers=[b""])
        self.version = version
        self.metadata = tuple(metadata)
        self.description = description
        self.subgraphs: list[GraphWriter] = [self]

    def subgraph(self, name: str) -> GraphWriter:
        """Add a further subgraph, for control flow; set its `outputs` directly."""
        self.subgraphs.append(GraphWriter(self.buffers, name))
        return self.subgraphs[-1]

    def finish(self, outputs: Sequence[int]) -> bytes:
        """The file."""
        self.outputs = list(outputs)
        builder = flatbuffers.Builder(1024)
        codes = list(dict.fromkeys(op.kind for graph in self.subgraphs for op in graph.operators))
        buffer_vector = _offsets(builder, [_buffer(builder, data) for data in self.buffers])
        graph_vector = _offsets(builder, [_graph(builder, graph, codes) for graph in self.subgraphs])
        code_vector = _offsets(builder, [_operator_code(builder, kind) for kind in codes])
        description = builder.CreateString(self.description)
        metadata = _offsets(builder, [_metadata(builder, name) for name in self.metadata])
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, self.version)
        tflite.ModelAddOperatorCodes(builder, code_vector)
        tflite.ModelAddSubgraphs(builder, graph_vector)
        tflite.ModelAddDescription(builder, description)
        tflite.ModelAddBuffers(builder, buffer_vector)
        if self.metadata:
            tflite.ModelAddMetadata(builder, metadata)
        builder.Finish(tflite.ModelEnd(builder), b"TFL3")
        return bytes(builder.Output())


def _table_name(kind: str) -> str:
    wanted = kind.replace("_", "").lower() + "options"
    names = (name for name in vars(tflite.BuiltinOptions) if name.lower() == wanted)
    return _OPTION_TABLES.get(kind) or next(names, "")


def _offsets(builder: flatbuffers.Builder, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _vector(builder: flatbuffers.Builder, values: Sequence[float], dtype: str) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, dtype)))


def _buffer(builder: flatbuffers.Builder, data: bytes) -> int:
    if data:
        builder.StartVector(1, len(data), 16)
        builder.head -= len(data)
        builder.Bytes[builder.head : builder.head + len(data)] = data
        vector = builder.EndVector()
    tflite.BufferStart(builder)
    if data:
        tflite.BufferAddData(builder, vector)
    return int(tflite.BufferEnd(builder))


def _metadata(builder: flatbuffers.Builder, name: str) -> int:
    """An entry that names the empty buffer."""
    text = builder.CreateString(name)
    tflite.MetadataStart(builder)
    tflite.MetadataAddName(builder, text)
    return int(tflite.MetadataEnd(builder))


def _operator_code(builder: flatbuffers.Builder, kind: str) -> int:
    code = getattr(tflite.BuiltinOperator, kind, None)
    custom = builder.CreateString(kind) if code is None else None
    number = int(tflite.BuiltinOperator.CUSTOM if code is None else code)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(number, 127))
    if custom is not None:
        tflite.OperatorCodeAddCustomCode(builder, custom)
    tflite.OperatorCodeAddVersion(builder, 1)
    tflite.OperatorCodeAddBuiltinCode(builder, number)
    return int(tflite.OperatorCodeEnd(builder))


def _quantization(builder: flatbuffers.Builder, tensor: _Tensor) -> int:
    scales = _vector(builder, tensor.scales, "float32")
    zero_points = _vector(builder, tensor.zero_points, "int64")
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scales)
    tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
    tflite.QuantizationParametersAddQuantizedDimension(builder, tensor.axis)
    return int(tflite.QuantizationParametersEnd(builder))


def _sparsity(builder: flatbuffers.Builder) -> int:
    tflite.SparsityParametersStart(builder)
    return int(tflite.SparsityParametersEnd(builder))


def _tensor(builder: flatbuffers.Builder, tensor: _Tensor) -> int:
    name = builder.CreateString(tensor.name)
    shape = _vector(builder, tensor.shape, "int32")
    signature = None if tensor.shape_signature is None else _vector(builder, tensor.shape_signature, "int32")
    quantization = _quantization(builder, tensor) if tensor.scales or tensor.zero_points else None
    sparsity = _sparsity(builder) if tensor.sparse else None
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, getattr(tflite.TensorType, tensor.dtype.name))
    tflite.TensorAddBuffer(builder, tensor.buffer)
    tflite.TensorAddName(builder, name)
    if quantization is not None:
        tflite.TensorAddQuantization(builder, quantization)
    tflite.TensorAddIsVariable(builder, tensor.variable)
    if sparsity is not None:
        tflite.TensorAddSparsity(builder, sparsity)
    if signature is not None:
        tflite.TensorAddShapeSignature(builder, signature)
    return int(tflite.TensorEnd(builder))


def _options(builder: flatbuffers.Builder, table: str, options: Mapping[str, Any]) -> int:
    """Write an options table through the schema's generated functions, found by name."""

    def function(action: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(tflite, f"{table}{action}")
        return found

    def stored(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return getattr(_ENUMS[name], value) if name in _ENUMS else builder.CreateString(value)
        return _vector(builder, value, "int32") if isinstance(value, Sequence) else value

    values = {name: stored(name, value) for name, value in options.items()}
    function("Start")(builder)
    for name, value in values.items():
        camel = re.sub(r"_?([a-z0-9]+)", lambda part: part[1].capitalize(), name)
        function(f"Add{camel}")(builder, value)
    return int(function("End")(builder))


def _operator(builder: flatbuffers.Builder, op: _Operator, codes: Sequence[str]) -> int:
    options = None if op.options is None else _options(builder, op.table, op.options)
    custom = _vector(builder, list(op.custom_options), "uint8") if op.custom_options else None
    inputs = _vector(builder, [-1 if index is None else index for index in op.inputs], "int32")
    outputs = _vector(builder, op.outputs, "int32")
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, codes.index(op.kind))
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    if options is not None:
        tflite.OperatorAddBuiltinOptionsType(builder, getattr(tflite.BuiltinOptions, op.table))
        tflite.OperatorAddBuiltinOptions(builder, options)
    if custom is not None:
        tflite.OperatorAddCustomOptions(builder, custom)
    return int(tflite.OperatorEnd(builder))


def _graph(builder: flatbuffers.Builder, graph: GraphWriter, codes: Sequence[str]) -> int:
    tensors = _offsets(builder, [_tensor(builder, tensor) for tensor in graph.tensors])
    operators = _offsets(builder, [_operator(builder, op, codes) for op in graph.operators])
    inputs = _vector(builder, graph.inputs, "int32")
    outputs = _vector(builder, graph.outputs, "int32")
    name = builder.CreateString(graph.name)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    tflite.SubGraphAddName(builder, name)
    return int(tflite.SubGraphEnd(builder))
