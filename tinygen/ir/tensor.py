"""Tensors: shape, dtype, quantization, constant data and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tinygen.ir.dtype import DType

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: real = scale * (q - zero_point).

    One scale and zero point for the whole tensor, or one per index along `axis`.
    Scales are float32 values (stored as Python floats without loss).
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is more than one scale."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization."""
        (scale,) = self.scales
        return scale

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        (zero_point,) = self.zero_points
        return zero_point


@dataclass(frozen=True)
class Origin:
    """Which tensor of the source model this one holds, so that it can be compared with the oracle's.

    Attributes:
        tensor: index of the tensor in the source file's first subgraph.
        axis: the axis along which only some indices were kept, or None.
        kept: the indices kept along `axis`, or None for all.
    """

    tensor: int
    axis: int | None = None
    kept: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Tensor:
    """A value of the graph.

    Attributes:
        id: unique in its graph.
        name: the model's own name; not unique, not a C identifier.
        shape: dimensions, all known; () is a scalar.
        dtype: element type.
        quant: quantization, or None.
        data: the value of a constant, shaped `shape`; None for an activation.
        origin: the source tensor it equals; None when it is not observable in the oracle.
        variable: state that survives from one inference to the next.
        initial: the value of a variable after a reset, shaped `shape`; None for all other tensors.
    """

    id: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quant: Quantization | None = None
    data: Array | None = None
    origin: Origin | None = None
    variable: bool = False
    initial: Array | None = None

    @property
    def is_constant(self) -> bool:
        """Whether the value is known at compile time."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Size in bytes of the dense tensor as an activation."""
        return self.elements * self.dtype.bytes
