"""Sliding windows of convolutions: which outputs read which inputs, and whether any leaves the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array
from tinygen.kernels.interface import Parameter
from tinygen.kernels.operands import at_run_time
from tinygen.ops.geometry import Pads, extent


@dataclass(frozen=True)
class Axis:
    """Height or width.

    Attributes:
        size: of the input.
        outputs: of the output.
        taps, stride, dilation: of the window.
        before: padding before the first input.
    """

    size: int
    outputs: int
    taps: int
    stride: int
    dilation: int
    before: int

    @property
    def padded(self) -> bool:
        """Whether a window has a tap outside the input."""
        end = (self.outputs - 1) * self.stride - self.before + extent(self.taps, self.dilation)
        return self.before > 0 or end > self.size

    def last_reader(self) -> Array:
        """For each input position the last output whose window has a tap on it, or -1; int64."""
        positions = (
            np.arange(self.size)[:, None] + self.before - np.arange(self.taps)[None, :] * self.dilation
        )
        output = positions // self.stride
        reads = (positions % self.stride == 0) & (output >= 0) & (output < self.outputs)
        last: Array = np.where(reads, output, -1).max(axis=1, initial=-1)
        return last

    def inside(self) -> Array:
        """For each output the number of taps inside the input; int64."""
        origins = np.arange(self.outputs)[:, None] * self.stride - self.before
        positions = origins + np.arange(self.taps)[None, :] * self.dilation
        count: Array = ((positions >= 0) & (positions < self.size)).sum(axis=1)
        return count

    def whole(self) -> Array:
        """For each output whether all taps from the first to the last lie inside the input."""
        origins = np.arange(self.outputs) * self.stride - self.before
        whole: Array = (origins >= 0) & (origins + extent(self.taps, self.dilation) <= self.size)
        return whole


@dataclass(frozen=True)
class Window:
    """A window sliding over height and width."""

    h: Axis
    w: Axis

    @classmethod
    def of(
        cls,
        input_hw: tuple[int, int],
        output_hw: tuple[int, int],
        filter_hw: tuple[int, int],
        stride_hw: tuple[int, int],
        dilation_hw: tuple[int, int],
        pads: Pads,
    ) -> Window:
        """The window of an op with these sizes (height, width)."""
        before = (pads.top, pads.left)
        sizes = zip(input_hw, output_hw, filter_hw, stride_hw, dilation_hw, before, strict=True)
        return cls(*(Axis(*values) for values in sizes))

    @property
    def padded(self) -> bool:
        """Whether a window has a tap outside the input."""
        return self.h.padded or self.w.padded

    @property
    def pixels(self) -> int:
        """Number of output pixels."""
        return self.h.outputs * self.w.outputs

    @property
    def taps(self) -> int:
        """Taps of one window."""
        return self.h.taps * self.w.taps

    @property
    def taps_inside(self) -> int:
        """Taps of all windows that lie inside the input."""
        return int(self.h.inside().sum() * self.w.inside().sum())

    def parameters(self) -> tuple[Parameter, ...]:
        """Sizes, strides, dilations and padding as run-time parameters."""
        return at_run_time(
            input_h=self.h.size,
            input_w=self.w.size,
            output_h=self.h.outputs,
            output_w=self.w.outputs,
            filter_h=self.h.taps,
            filter_w=self.w.taps,
            stride_h=self.h.stride,
            stride_w=self.w.stride,
            dilation_h=self.h.dilation,
            dilation_w=self.w.dilation,
            pad_top=self.h.before,
            pad_left=self.w.before,
        )


def specialized(parameters: tuple[Parameter, ...], names: frozenset[str]) -> tuple[Parameter, ...]:
    """The parameters, with those of `names` made constants of the kernel's instance."""
    return tuple(
        Parameter(item.name, item.value, specialize=item.specialize or item.name in names)
        for item in parameters
    )
