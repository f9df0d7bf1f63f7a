"""Operands, arguments and parameters as most kernels use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from tinygen.ir import DType, Tensor
from tinygen.kernels.interface import (
    Argument,
    Constant,
    ConstantKind,
    ConstantPointer,
    Operand,
    Parameter,
    PitchOf,
    TensorPointer,
)

_SUFFIXES: Mapping[DType, str] = MappingProxyType(
    {
        DType.BOOL: "b",
        DType.INT8: "s8",
        DType.INT16: "s16",
        DType.INT32: "s32",
        DType.INT64: "s64",
        DType.FLOAT32: "f32",
    }
)


def dense(tensor: Tensor) -> Operand:
    """`tensor` with its pixels one after the other."""
    return Operand(tensor.id, pitch=tensor.shape[-1] if tensor.shape else 1)


def dense_activations(tensors: Iterable[Tensor]) -> tuple[Operand, ...]:
    """Each activation among `tensors` once, dense."""
    return tuple(dict.fromkeys(dense(tensor) for tensor in tensors if not tensor.is_constant))


def argument(name: str, tensor: Tensor) -> Argument:
    """The C parameter `name` for `tensor`: the activation, or the constant of that name."""
    return Argument(name, ConstantPointer(name) if tensor.is_constant else TensorPointer(tensor.id))


def stored(name: str, tensor: Tensor) -> tuple[Constant, ...]:
    """The constant that `argument` points to, row-major as the model has it; none for activations."""
    data = tensor.data
    if data is None:
        return ()
    return (Constant(name, ConstantKind.WEIGHTS, lambda: np.ascontiguousarray(data).ravel()),)


def at_run_time(**values: int | float | PitchOf) -> tuple[Parameter, ...]:
    """Parameters that calls of one instance may differ in."""
    return tuple(Parameter(name, value, specialize=False) for name, value in values.items())


def specialized(**values: int | float) -> tuple[Parameter, ...]:
    """Parameters that are constants of an instance."""
    return tuple(Parameter(name, value) for name, value in values.items())


def is_int8(tensor: Tensor) -> bool:
    """Whether the elements are int8 with one scale and one zero point."""
    return is_quantized(tensor, DType.INT8)


def is_quantized(tensor: Tensor, dtype: DType) -> bool:
    """Whether the elements are of `dtype` with one scale and one zero point."""
    return tensor.dtype is dtype and tensor.quant is not None and not tensor.quant.per_channel


def suffix(dtype: DType) -> str:
    """How the names of C templates end that take elements of `dtype`."""
    return _SUFFIXES[dtype]
