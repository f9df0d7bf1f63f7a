"""Decodes a TFLite flatbuffer into plain records; nothing else of tinygen sees the schema.

The file is untrusted. A flatbuffer is a web of offsets, so every table is checked to lie inside of the file
before it is read, every vector's length is held against a budget before it is walked (a small file can
name one vector a million times), and whatever the schema's generated code raises becomes `DamagedError`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import flatbuffers
import numpy as np
import tflite

from tinygen.ir import Array, DType

_BUDGET = 2_000_000
"""Entries read from all vectors but those of constant data; the largest models here need 100,000."""

MAX_RANK = 8

Generated = Any
"""An object of one of the schema's generated classes, which carry no types."""


class DamagedError(ValueError):
    """The bytes are no TFLite model that makes sense."""


@dataclass(frozen=True)
class RawQuantization:
    """Scales and zero points as the file has them."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class RawTensor:
    """A tensor; `data` are the bytes of a constant, None where there are none."""

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    dtype: DType
    quant: RawQuantization | None
    data: Array | None
    variable: bool
    sparse: bool


@dataclass(frozen=True)
class RawOperator:
    """An op; `options` are the fields of its options table, whose name is `table`.

    A custom op has `custom_options` instead, bytes whose meaning only the op knows.
    """

    kind: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: str
    options: Mapping[str, Any]
    custom_options: bytes = b""


@dataclass(frozen=True)
class RawGraph:
    """A subgraph."""

    name: str
    tensors: tuple[RawTensor, ...]
    operators: tuple[RawOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class RawModel:
    """A file; `metadata` are the names of its metadata buffers."""

    version: int
    graphs: tuple[RawGraph, ...]
    metadata: tuple[str, ...] = ()


def decode(data: bytes) -> RawModel:
    """Decode a whole file.

    Raises:
        DamagedError: where offsets, lengths or numbers make no sense.
    """
    try:
        return _Decoder(data).model()
    except (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError) as error:
        if isinstance(error, DamagedError):
            raise
        raise DamagedError("an offset or a length points outside of the file") from error


def _constants(enumeration: type) -> Mapping[int, str]:
    """Names of an enumeration of the schema by value."""
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _fields(table: type) -> Iterator[str]:
    """Names of a generated class's accessors, one a field of the schema."""
    helpers = re.compile(r"Init$|GetRootAs|.*BufferHasIdentifier$|.*(Length|AsNumpy|IsNone)$")
    return (name for name in vars(table) if not name.startswith("_") and not helpers.match(name))


class _Decoder:
    """Walks one file, spending a budget."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _BUDGET
        self._kinds = _constants(tflite.BuiltinOperator)
        self._tables = _constants(tflite.BuiltinOptions)
        self._dtypes = _constants(tflite.TensorType)

    def model(self) -> RawModel:
        model = self._checked(tflite.Model.GetRootAs(self._data, 0))
        buffers = [self._buffer(buffer) for buffer in self._children(model, "Buffers")]
        codes = [self._code(code) for code in self._children(model, "OperatorCodes")]
        graphs = tuple(self._graph(graph, buffers, codes) for graph in self._children(model, "Subgraphs"))
        if not graphs:
            raise DamagedError("it has no subgraph")
        metadata = tuple(self._text(item.Name()) for item in self._children(model, "Metadata"))
        return RawModel(model.Version(), graphs, metadata)

    def _spend(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            raise DamagedError(f"it lists more than {_BUDGET} things")

    def _checked(self, table: Generated) -> Generated:
        """`table`, if it and its vtable lie inside of the file."""
        position, size = table._tab.Pos, len(self._data)
        if not 0 <= position <= size - 4:
            raise DamagedError(f"a table at {position} of {size} bytes")
        vtable = position - struct.unpack_from("<i", self._data, position)[0]
        if not 0 <= vtable <= size - 4:
            raise DamagedError(f"a table's fields at {vtable} of {size} bytes")
        vtable_bytes, table_bytes = struct.unpack_from("<HH", self._data, vtable)
        if vtable + vtable_bytes > size or position + table_bytes > size:
            raise DamagedError(f"a table at {position} ends after the file's {size} bytes")
        return table

    def _children(self, owner: Generated, field: str) -> Iterator[Generated]:
        """The tables of a vector of tables."""
        count = getattr(owner, f"{field}Length")()
        self._spend(count)
        return (self._checked(getattr(owner, field)(index)) for index in range(count))

    def _numbers(self, owner: Generated, field: str, longest: int | None = None) -> tuple[Any, ...]:
        """A vector of numbers."""
        count = getattr(owner, f"{field}Length")()
        self._spend(count)
        if longest is not None and count > longest:
            raise DamagedError(f"{_snake(field)} has {count} entries")
        return tuple(getattr(owner, f"{field}AsNumpy")().tolist()) if count else ()

    def _text(self, raw: bytes | None) -> str:
        self._spend(len(raw or b""))
        return (raw or b"").decode("utf-8", errors="replace")

    def _buffer(self, buffer: Generated) -> Array | None:
        """A buffer's bytes; large models keep them after the flatbuffer, by offset and size."""
        if buffer.DataLength():
            values: Array = np.asarray(buffer.DataAsNumpy(), np.uint8)
            return values
        offset, size = buffer.Offset(), buffer.Size()
        if offset > 1 and size:
            return np.frombuffer(self._data, np.uint8, size, offset)
        return None

    def _code(self, code: Generated) -> tuple[str, bool]:
        """Kind of an operator, and whether it is custom.

        Codes above 127 stand in the newer of two fields (`GetBuiltinCode` in TFLite's schema_utils.cc).
        """
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if number == tflite.BuiltinOperator.CUSTOM:
            return self._text(code.CustomCode()) or "CUSTOM", True
        return self._kinds.get(number, f"BUILTIN_{number}"), False

    def _graph(
        self, graph: Generated, buffers: list[Array | None], codes: list[tuple[str, bool]]
    ) -> RawGraph:
        return RawGraph(
            name=self._text(graph.Name()),
            tensors=tuple(self._tensor(tensor, buffers) for tensor in self._children(graph, "Tensors")),
            operators=tuple(self._operator(op, codes) for op in self._children(graph, "Operators")),
            inputs=self._numbers(graph, "Inputs"),
            outputs=self._numbers(graph, "Outputs"),
        )

    def _tensor(self, tensor: Generated, buffers: list[Array | None]) -> RawTensor:
        dtype = self._dtypes.get(tensor.Type())
        if dtype is None:
            raise DamagedError(f"a tensor has type {tensor.Type()}, which the schema does not name")
        quant = tensor.Quantization()
        index = tensor.Buffer()
        if index and index >= len(buffers):
            raise DamagedError(f"a tensor names buffer {index} of {len(buffers)}")
        return RawTensor(
            name=self._text(tensor.Name()),
            shape=self._numbers(tensor, "Shape", MAX_RANK),
            signature=self._numbers(tensor, "ShapeSignature", MAX_RANK),
            dtype=DType[dtype],
            quant=None if quant is None else self._quantization(self._checked(quant)),
            data=buffers[index] if buffers else None,
            variable=bool(tensor.IsVariable()),
            sparse=tensor.Sparsity() is not None,
        )

    def _quantization(self, quant: Generated) -> RawQuantization | None:
        """None where there are no scales: converters leave empty tables, or only min and max."""
        scales = self._numbers(quant, "Scale")
        zero_points = self._numbers(quant, "ZeroPoint")
        return RawQuantization(scales, zero_points, quant.QuantizedDimension()) if scales else None

    def _operator(self, op: Generated, codes: list[tuple[str, bool]]) -> RawOperator:
        if op.OpcodeIndex() >= len(codes):
            raise DamagedError(f"an op names operator code {op.OpcodeIndex()} of {len(codes)}")
        kind, custom = codes[op.OpcodeIndex()]
        table = self._tables.get(op.BuiltinOptionsType(), "")
        options = op.BuiltinOptions()
        return RawOperator(
            kind=kind,
            custom=custom,
            inputs=self._numbers(op, "Inputs"),
            outputs=self._numbers(op, "Outputs"),
            table=table,
            options=self._options(table, options) if options is not None else MappingProxyType({}),
            custom_options=bytes(self._numbers(op, "CustomOptions")) if custom else b"",
        )

    def _options(self, table: str, union: flatbuffers.table.Table) -> Mapping[str, Any]:
        """The fields of an options table by their names in the schema.

        Vectors become tuples, and text str; text that the file leaves out is None.
        """
        generated = getattr(tflite, table, None)
        if generated is None:
            return MappingProxyType({})
        options = generated()
        options.Init(union.Bytes, union.Pos)
        self._checked(options)
        values: dict[str, Any] = {}
        for name in _fields(generated):
            if not hasattr(generated, f"{name}Length"):
                value = getattr(options, name)()
                values[_snake(name)] = self._text(value) if isinstance(value, bytes) else value
            elif hasattr(generated, f"{name}AsNumpy"):
                values[_snake(name)] = self._numbers(options, name)
        return MappingProxyType(values)
