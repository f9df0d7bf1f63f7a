"""TFLM_DECODE: compressed weights, decoded at compile time; a custom operator.

Inputs are pairs: the encoded tensor, and the ancillary data that say how to decode it. These begin with 16
bytes of metadata: 0 the decode type, 1 the metadata's version, 4 the type's version, 5 and 6 parameters of
the type. Source: tensorflow/lite/micro/kernels/decode.cc, decode_state*.{h,cc}.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.numerics import decompress
from tinygen.ops.operator import Known, Operator, Shape

_HEADER_BYTES = 16
_VERSION = 1
_CUSTOM_TYPE = 127

_ANY = (DType.BOOL, DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64)


def pairs(graph: Graph, op: Op) -> str | None:
    """Has two inputs for each output: the encoded values, and how to decode them.

    Compress the model again.
    """
    fits = op.outputs and len(op.inputs) == 2 * len(op.outputs) and None not in op.inputs
    return None if fits else f"inputs: {len(op.inputs)}, outputs: {len(op.outputs)}"


def constants(graph: Graph, op: Op) -> str | None:
    """The inputs are constant.

    Compress weights only.
    """
    computed = [index for index in range(len(op.inputs)) if not graph.operand(op, index).is_constant]
    return f"input {computed[0]} computed at run time" if computed else None


def _bytes(values: Array) -> Array:
    return np.frombuffer(values.tobytes(), np.uint8)


def _channels(tensor: Tensor) -> Array:
    """The channel of each element: TFLM knows the first and the last axis."""
    indices = np.arange(tensor.elements)
    quant = tensor.quant
    if quant is None or not quant.per_channel:
        return np.zeros_like(indices)
    number = len(quant.scales)
    if quant.axis == len(tensor.shape) - 1:
        return indices % number
    if quant.axis != 0:
        raise ValueError(f"channels along axis {quant.axis} of {list(tensor.shape)}")
    return indices // (tensor.elements // number)


def _values(ancillary: Array, dtype: np.dtype) -> Array:
    """The values behind the metadata; a last one that is cut off is none."""
    data = ancillary[_HEADER_BYTES:]
    return data[: data.size // dtype.itemsize * dtype.itemsize].view(dtype)


def _lut(encoded: Array, ancillary: Array, tensor: Tensor) -> Array:
    values = _values(ancillary, tensor.dtype.numpy)
    return decompress.lut(encoded, values, int(ancillary[5] & 7), _channels(tensor), int(ancillary[6]))


def _huffman(encoded: Array, ancillary: Array, tensor: Tensor) -> Array:
    wide = bool(ancillary[5] & 1)
    if tensor.dtype is DType.INT16 and not wide:
        raise ValueError("int16 from a table of 16-bit entries")
    table = _values(ancillary, np.dtype(np.uint32 if wide else np.uint16))
    symbols = decompress.huffman(encoded, table, int(ancillary[5] >> 4) + 1, tensor.elements)
    return symbols.astype(tensor.dtype.numpy)


def _prune(encoded: Array, ancillary: Array, tensor: Tensor) -> Array:
    zeros = np.zeros(tensor.elements, np.int64)
    if tensor.quant is not None:
        zeros = np.asarray(tensor.quant.zero_points)[_channels(tensor)]
    if tensor.dtype is not DType.INT8 and zeros.any():
        raise ValueError(f"{tensor.dtype} with zero points other than 0")
    return decompress.prune(encoded, _values(ancillary, tensor.dtype.numpy), zeros)


_TYPES = {0: ("LUT", _lut, _ANY), 1: ("Huffman", _huffman, _ANY[2:4]), 2: ("pruning", _prune, _ANY)}


def _decode(graph: Graph, op: Op, known: Known) -> tuple[Array, ...]:
    """Values of the outputs.

    Raises:
        ValueError: where they cannot be decoded.
    """
    arrays = [_bytes(values) for values in known if values is not None]
    results = []
    for index, key in enumerate(op.outputs):
        encoded, ancillary = arrays[2 * index : 2 * index + 2]
        tensor = graph.tensors[key]
        if ancillary.size < _HEADER_BYTES:
            raise ValueError(f"{ancillary.size} bytes of ancillary data")
        kind, versions = int(ancillary[0]), (int(ancillary[1]), int(ancillary[4]))
        if kind not in _TYPES:
            raise ValueError("decode type " + ("custom" if kind >= _CUSTOM_TYPE else str(kind)))
        name, decode, dtypes = _TYPES[kind]
        if versions != (_VERSION, _VERSION):
            raise ValueError(f"versions {versions[0]} and {versions[1]} of {name}")
        if tensor.dtype not in dtypes:
            raise ValueError(f"{tensor.dtype} by {name}")
        results.append(decode(encoded, ancillary, tensor).reshape(tensor.shape))
    return tuple(results)


def decodable(graph: Graph, op: Op) -> str | None:
    """The decode type is LUT, pruning or, for int8 and int16, Huffman, of version 1.

    Compress the model again with one of these, or without compression.
    """
    try:
        _decode(graph, op, [graph.operand(op, index).data for index in range(len(op.inputs))])
    except ValueError as error:
        return str(error)
    return None


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The decoded tensors."""
    return None if any(values is None for values in known) else _decode(graph, op, known)


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """As the file says: the encoded data have no shape."""
    return tuple(graph.tensors[key].shape for key in op.outputs)


OPERATOR = Operator(
    kind="TFLM_DECODE",
    custom=True,
    decodes=True,
    form=(pairs, constants),
    rules=(decodable,),
    infer=infer,
    evaluate=evaluate,
)
