"""DEPTHWISE_CONV_2D."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes
from tinygen.ops.geometry import Activation, Padding, Pads


@dataclass(frozen=True)
class DepthwiseConv2DAttributes(Attributes):
    """Strides and dilations in elements, at least 1; output channels per input channel."""

    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    padding: Padding | Pads
    activation: Activation
    depth_multiplier: int
