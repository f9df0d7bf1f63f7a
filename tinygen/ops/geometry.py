"""Window geometry and fused activations, shared by the convolutions and the pools."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Padding(enum.Enum):
    """Padding scheme of a window; values as in TFLite's schema."""

    SAME = 0
    VALID = 1

    def __str__(self) -> str:
        return self.name


class Activation(enum.Enum):
    """Fused activation; values as in TFLite's schema (`ActivationFunctionType`)."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Pads:
    """Explicit padding in elements of the input's height and width."""

    top: int
    bottom: int
    left: int
    right: int

    def __str__(self) -> str:
        return f"({self.top}, {self.bottom}, {self.left}, {self.right})"


Pair = tuple[int, int]
"""(height, width)."""


def extent(size: int, dilation: int) -> int:
    """Input elements that a window of `size` taps spans."""
    return (size - 1) * dilation + 1


def output_size(
    padding: Padding | Pads, input_hw: Pair, filter_hw: Pair, stride_hw: Pair, dilation_hw: Pair = (1, 1)
) -> Pair:
    """Height and width of a window operator's output.

    As `ComputeOutSize` in TFLite's kernels/padding.h; zero or less where the window does not fit.

    Args:
        padding: a scheme or explicit pads.
        input_hw: size of the input, in elements.
        filter_hw: taps of the window.
        stride_hw: at least 1.
        dilation_hw: at least 1.
    """
    if isinstance(padding, Pads):
        added = (padding.top + padding.bottom, padding.left + padding.right)
    else:
        added = (0, 0)
    sizes = []
    for axis in range(2):
        stride, size = stride_hw[axis], input_hw[axis]
        if padding is Padding.SAME:
            sizes.append((size + stride - 1) // stride)
        else:
            window = extent(filter_hw[axis], dilation_hw[axis])
            sizes.append((size + added[axis] + stride - window) // stride)
    return sizes[0], sizes[1]


def resolve_pads(
    padding: Padding | Pads, input_hw: Pair, filter_hw: Pair, stride_hw: Pair, dilation_hw: Pair = (1, 1)
) -> Pads:
    """Padding as numbers of elements on each side.

    SAME puts the odd element of an uneven total at the bottom and at the right
    (`ComputePaddingWithOffset` in TFLite's kernels/padding.h).

    Args:
        padding: a scheme, or explicit pads, which are returned as they are.
        input_hw: size of the input, in elements.
        filter_hw: taps of the window.
        stride_hw: at least 1.
        dilation_hw: at least 1.
    """
    if isinstance(padding, Pads):
        return padding
    output_hw = output_size(padding, input_hw, filter_hw, stride_hw, dilation_hw)
    totals = [
        max(
            0,
            (output_hw[axis] - 1) * stride_hw[axis]
            + extent(filter_hw[axis], dilation_hw[axis])
            - input_hw[axis],
        )
        for axis in range(2)
    ]
    top, left = totals[0] // 2, totals[1] // 2
    return Pads(top, totals[0] - top, left, totals[1] - left)
