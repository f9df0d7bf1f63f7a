"""STRIDED_SLICE."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes


@dataclass(frozen=True)
class StridedSliceAttributes(Attributes):
    """Bit masks over the entries of `begin`, `end` and `strides`."""

    begin_mask: int
    end_mask: int
    ellipsis_mask: int
    new_axis_mask: int
    shrink_axis_mask: int
