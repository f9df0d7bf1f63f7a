"""PAD as part of the convolutions that read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tinygen.ir import Graph, Op
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.geometry import Pads, extent
from tinygen.passes.rewrite import same_values


@dataclass(frozen=True)
class FoldPad:
    """Adds a PAD's elements to the explicit padding of the convolutions that read it.

    A convolution counts what lies outside its input as the input's zero point (it skips those products),
    and PAD writes its output's zero point, so both give the same sums when PAD's input and output are
    quantized alike. Folded only where it pads height and width of an NHWC tensor with that value, every
    reader is a CONV_2D or DEPTHWISE_CONV_2D with explicit padding, and the sums of the pads stay below
    the filter's extent: kernels may rely on a window always touching the input's edge. Pools are left
    alone: a pool leaves padding out of its average or maximum instead of counting it.
    """

    name: ClassVar[str] = "fold-pad"

    def apply(self, graph: Graph) -> Graph:
        """The graph with padding moved from PAD to convolutions."""
        current = graph
        for op in graph.ops:
            if op.kind in ("PAD", "PADV2"):
                current = _fold(current, op)
        return current


def _fold(graph: Graph, pad: Op) -> Graph:
    added = _spatial(graph, pad)
    readers = graph.consumers(pad.outputs[0])
    if added is None or not readers or pad.outputs[0] in graph.outputs:
        return graph
    if not (_pads_with_zero_point(graph, pad) and same_values(graph.operand(pad, 0), graph.result(pad))):
        return graph
    padded = {reader.id: _padded(graph, reader, pad, added) for reader in readers}
    if None in padded.values():
        return graph
    return graph.with_ops(padded.get(op.id) or op for op in graph.ops if op.id != pad.id)


def _padded(graph: Graph, reader: Op, pad: Op, added: Pads) -> Op | None:
    """`reader` on the input of `pad`, or None where it cannot take the padding over."""
    attributes = reader.attributes
    if not isinstance(attributes, Conv2DAttributes | DepthwiseConv2DAttributes):
        return None
    own = attributes.padding
    if pad.outputs[0] in reader.inputs[1:] or not isinstance(own, Pads):
        return None
    pads = Pads(
        own.top + added.top, own.bottom + added.bottom, own.left + added.left, own.right + added.right
    )
    _, filter_h, filter_w, _ = graph.operand(reader, 1).shape
    height, width = extent(filter_h, attributes.dilation_h), extent(filter_w, attributes.dilation_w)
    if max(pads.top, pads.bottom) >= height or max(pads.left, pads.right) >= width:
        return None
    return replace(
        reader,
        inputs=(pad.inputs[0], *reader.inputs[1:]),
        attributes=replace(attributes, padding=pads),
        sources=tuple(sorted({*reader.sources, *pad.sources})),
    )


def _spatial(graph: Graph, pad: Op) -> Pads | None:
    """What `pad` adds to height and width, or None where it adds to other axes or what is not known."""
    amounts = graph.operand(pad, 1).data
    if amounts is None or amounts.shape != (4, 2):
        return None
    batch, (top, bottom), (left, right), channels = ((int(low), int(high)) for low, high in amounts)
    if any((*batch, *channels)) or min(top, bottom, left, right) < 0:
        return None
    return Pads(top, bottom, left, right)


def _pads_with_zero_point(graph: Graph, pad: Op) -> bool:
    """Whether the elements that `pad` adds stand for 0; PAD without a value does so by definition."""
    result = graph.result(pad)
    if result.quant is None or result.quant.per_channel:
        return False
    value = graph.optional(pad, 2)
    if value is None:
        return True
    return value.data is not None and all(int(item) == result.quant.zero_point for item in value.data.flat)
