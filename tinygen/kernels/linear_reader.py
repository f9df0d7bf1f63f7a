"""Reads convolutions and fully connected layers of any dtype."""

from __future__ import annotations

from tinygen.ir import DType
from tinygen.kernels.linear import Layer, LinearOp, require
from tinygen.kernels.linear_float import read_float
from tinygen.kernels.linear_integer import read_integer


def read_linear(layer: Layer) -> LinearOp:
    """What the kernels compute for a layer.

    Raises:
        UnsuitableError: where it breaks a rule of theirs.
    """
    dtype = layer.input.dtype
    if dtype is DType.FLOAT32:
        return read_float(layer)
    require(dtype in (DType.INT8, DType.INT16), "The input is int8, int16 or float32", dtype)
    return read_integer(layer)
