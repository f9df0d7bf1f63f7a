"""Padding schemes as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tinygen.ir import Graph, Op
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.geometry import Padding, resolve_pads
from tinygen.ops.pooling import Pool2DAttributes


@dataclass(frozen=True)
class MakePaddingExplicit:
    """Replaces SAME and VALID of convolutions and pools by `Pads`, the elements on each side."""

    name: ClassVar[str] = "make-padding-explicit"

    def apply(self, graph: Graph) -> Graph:
        """The graph without padding schemes."""
        ops = tuple(_explicit(graph, op) for op in graph.ops)
        return graph if ops == graph.ops else graph.with_ops(ops)


def _explicit(graph: Graph, op: Op) -> Op:
    attributes = op.attributes
    if isinstance(attributes, Conv2DAttributes | DepthwiseConv2DAttributes):
        _, filter_h, filter_w, _ = graph.operand(op, 1).shape
        dilation = (attributes.dilation_h, attributes.dilation_w)
    elif isinstance(attributes, Pool2DAttributes):
        filter_h, filter_w = attributes.filter_h, attributes.filter_w
        dilation = (1, 1)
    else:
        return op
    if not isinstance(attributes.padding, Padding):
        return op
    _, input_h, input_w, _ = graph.operand(op, 0).shape
    stride = (attributes.stride_h, attributes.stride_w)
    pads = resolve_pads(attributes.padding, (input_h, input_w), (filter_h, filter_w), stride, dilation)
    return replace(op, attributes=replace(attributes, padding=pads))
