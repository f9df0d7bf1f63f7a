"""Layers for graphs built op by op, with weights of ones."""

from __future__ import annotations

import numpy as np

from tests.support.graphs import QUANT, GraphBuilder
from tinygen.ir import DType, Quantization
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.ops.geometry import Activation, Padding, Pads, output_size
from tinygen.ops.pooling import Pool2DAttributes

_WEIGHTS = Quantization((0.25,), (0,))


def convolution(
    builder: GraphBuilder,
    source: int,
    channels: int,
    size: int,
    padding: Padding | Pads = Padding.VALID,
    *,
    stride: int = 1,
    dilation: int = 1,
    activation: Activation = Activation.NONE,
    quant: Quantization = QUANT,
) -> int:
    """CONV_2D with a square filter."""
    _, height, width, depth = builder.tensors[source].shape
    weights = builder.constant(np.ones((channels, size, size, depth)), DType.INT8, _WEIGHTS)
    bias = builder.constant(np.zeros(channels))
    out = output_size(padding, (height, width), (size, size), (stride, stride), (dilation, dilation))
    attributes = Conv2DAttributes(stride, stride, dilation, dilation, padding, activation)
    return builder.op("CONV_2D", [source, weights, bias], [1, *out, channels], attributes, quant=quant)


def depthwise(
    builder: GraphBuilder,
    source: int,
    size: int,
    padding: Padding | Pads = Padding.VALID,
    *,
    stride: int = 1,
    dilation: int = 1,
    activation: Activation = Activation.NONE,
) -> int:
    """DEPTHWISE_CONV_2D with a square filter and multiplier 1."""
    _, height, width, depth = builder.tensors[source].shape
    weights = builder.constant(np.ones((1, size, size, depth)), DType.INT8, _WEIGHTS)
    bias = builder.constant(np.zeros(depth))
    out = output_size(padding, (height, width), (size, size), (stride, stride), (dilation, dilation))
    attributes = DepthwiseConv2DAttributes(stride, stride, dilation, dilation, padding, activation, 1)
    return builder.op("DEPTHWISE_CONV_2D", [source, weights, bias], [1, *out, depth], attributes)


def average_pool(
    builder: GraphBuilder,
    source: int,
    size: int,
    padding: Padding | Pads = Padding.VALID,
    *,
    stride: int = 1,
) -> int:
    """AVERAGE_POOL_2D with a square window."""
    _, height, width, depth = builder.tensors[source].shape
    out = output_size(padding, (height, width), (size, size), (stride, stride))
    attributes = Pool2DAttributes(size, size, stride, stride, padding, Activation.NONE)
    return builder.op("AVERAGE_POOL_2D", [source], [1, *out, depth], attributes)


def fully_connected(builder: GraphBuilder, source: int, units: int) -> int:
    """FULLY_CONNECTED on a flat input."""
    (_, depth) = builder.tensors[source].shape
    weights = builder.constant(np.ones((units, depth)), DType.INT8, _WEIGHTS)
    bias = builder.constant(np.zeros(units))
    attributes = FullyConnectedAttributes(Activation.NONE)
    return builder.op("FULLY_CONNECTED", [source, weights, bias], [1, units], attributes)
