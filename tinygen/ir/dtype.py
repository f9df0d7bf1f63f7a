"""Element types of tensors."""

from __future__ import annotations

import enum

import numpy as np


class DType(enum.Enum):
    """An element type, named as TensorFlow Lite's schema names it (lower case)."""

    BOOL = "bool"
    INT4 = "int4"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    COMPLEX64 = "complex64"
    COMPLEX128 = "complex128"
    STRING = "string"
    RESOURCE = "resource"
    VARIANT = "variant"

    @property
    def numpy(self) -> np.dtype:
        """The numpy dtype that holds one element; int4 is held unpacked in int8.

        Raises:
            TypeError: for string, resource and variant, which have no fixed-size element.
        """
        if self in (DType.STRING, DType.RESOURCE, DType.VARIANT):
            raise TypeError(f"{self.value} has no numpy element type")
        return np.dtype("int8" if self is DType.INT4 else self.value)

    @property
    def bytes(self) -> int:
        """Size in bytes of one element in an activation buffer (int4 activations take one byte)."""
        return self.numpy.itemsize

    @property
    def is_float(self) -> bool:
        """Whether elements are floating-point numbers."""
        return self in (DType.FLOAT16, DType.FLOAT32, DType.FLOAT64)

    def __str__(self) -> str:
        return self.value
