"""AVERAGE_POOL_2D and MAX_POOL_2D."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes
from tinygen.ops.geometry import Activation, Padding, Pads


@dataclass(frozen=True)
class Pool2DAttributes(Attributes):
    """Filter size and strides in elements, at least 1."""

    filter_h: int
    filter_w: int
    stride_h: int
    stride_w: int
    padding: Padding | Pads
    activation: Activation
