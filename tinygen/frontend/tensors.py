"""Makes the IR's tensors from the file's: bytes become arrays, quantization is completed and checked."""

from __future__ import annotations

from math import prod

import numpy as np

from tinygen.frontend.names import shortened
from tinygen.frontend.schema import DamagedError, RawQuantization, RawTensor
from tinygen.ir import Array, DType, Origin, Quantization, Tensor

MAX_ELEMENTS = 1 << 26
"""Of one tensor; no microcontroller holds as many, and what is folded at compile time stays bounded."""

_OPAQUE = (DType.STRING, DType.RESOURCE, DType.VARIANT)


def make_tensor(index: int, raw: RawTensor, *, main: bool, computed: bool, given: bool = False) -> Tensor:
    """The tensor with id `index`.

    Unknown (negative) dimensions count as 1 here; such models are refused later.

    Args:
        index: its position in the subgraph.
        raw: as decoded.
        main: whether it is in the first subgraph, whose tensors the oracle can show.
        computed: whether an op or the user provides its value.
        given: whether the user does; then it is no variable, whatever the file says.

    Raises:
        DamagedError: where data or quantization do not fit the shape.
    """
    shape = tuple(1 if size == -1 else size for size in raw.shape)
    if any(size < 0 for size in shape) or prod(shape) > MAX_ELEMENTS:
        raise DamagedError(f"tensor {index} {shortened(raw.name)} has shape {list(raw.shape)}")
    data = _data(index, raw, shape, computed=computed)
    if data is None and 0 in shape:
        raise DamagedError(f"tensor {index} {shortened(raw.name)} is empty: shape {list(raw.shape)}")
    quant = None if raw.quant is None else _quantization(index, raw, raw.quant, shape)
    variable = raw.variable and data is None and not given and raw.dtype not in _OPAQUE
    return Tensor(
        id=index,
        name=raw.name,
        shape=shape,
        dtype=raw.dtype,
        quant=quant,
        data=data,
        origin=Origin(index) if main and data is None and not variable else None,
        variable=variable,
        initial=_initial(raw.dtype, quant, shape) if variable else None,
    )


def _initial(dtype: DType, quant: Quantization | None, shape: tuple[int, ...]) -> Array:
    """What a variable holds after a reset: int8 its zero point, others zeros.

    Source: MicroInterpreterGraph::ResetTensorData in tensorflow/lite/micro/micro_interpreter_graph.cc.
    """
    start = quant.zero_points[0] if quant is not None and dtype is DType.INT8 else 0
    return np.broadcast_to(np.asarray(start).astype(dtype.numpy), shape)


def _data(index: int, raw: RawTensor, shape: tuple[int, ...], *, computed: bool) -> Array | None:
    if raw.data is None:
        if prod(shape) == 0 and not computed and raw.dtype not in _OPAQUE:
            return np.zeros(shape, raw.dtype.numpy)
        return None
    if raw.sparse or raw.dtype in _OPAQUE:
        # No operator reads these; the model is refused with a reason, for which a stand-in serves.
        return np.broadcast_to(np.uint8(0), shape)
    elements = prod(shape)
    needed = (elements + 1) // 2 if raw.dtype is DType.INT4 else elements * raw.dtype.numpy.itemsize
    if raw.data.size < needed:
        raise DamagedError(
            f"tensor {index} {shortened(raw.name)} needs {needed} bytes of data and has {raw.data.size}"
        )
    if raw.dtype is DType.INT4:
        return _unpack_int4(raw.data[:needed], elements).reshape(shape)
    return raw.data[:needed].view(raw.dtype.numpy).reshape(shape)


def _unpack_int4(packed: Array, elements: int) -> Array:
    """Two values a byte, the first in the low bits (`UnpackDenseInt4IntoInt8` in TFLite)."""
    pairs = np.stack([packed << 4, packed & 0xF0], axis=-1).astype(np.uint8)
    values: Array = pairs.reshape(-1)[:elements].view(np.int8) >> 4
    return values


def _quantization(index: int, raw: RawTensor, quant: RawQuantization, shape: tuple[int, ...]) -> Quantization:
    count = len(quant.scales)
    zero_points = quant.zero_points or (0,)
    if len(zero_points) == 1:
        zero_points *= count
    # Converters give biases the axis of their filter.
    axis = 0 if count == 1 or len(shape) == 1 else quant.axis
    fits = count == 1 or (0 <= axis < len(shape) and shape[axis] == count)
    if len(zero_points) != count or not fits:
        raise DamagedError(
            f"tensor {index} {shortened(raw.name)} has {count} scales and {len(zero_points)} zero points "
            f"along axis {quant.axis} of {list(shape)}"
        )
    return Quantization(quant.scales, zero_points, axis)
