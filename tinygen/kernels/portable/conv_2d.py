"""CONV_2D: firmware/kernels/portable/conv_2d.h."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinygen.ir import Array, Graph, Op
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Operand,
    Overlap,
    Parameter,
    PitchOf,
    Proposal,
    Region,
)
from tinygen.kernels.linear import BLOCK, Layer, LinearOp, UnsuitableError, propose_one
from tinygen.kernels.linear_reader import read_linear
from tinygen.kernels.operands import at_run_time
from tinygen.kernels.traversal import forward
from tinygen.kernels.window import Axis, Window, specialized
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.geometry import resolve_pads
from tinygen.target import Target

KINDS = ("CONV_2D",)

_SMALL_ROW = 16
"""Filter rows up to this many products are worth an instance of their own, with loops of known length."""

_CODE_BYTES = {"conv_2d 1x1": 1700, "conv_2d rows": 2300, "conv_2d taps": 1700}


@dataclass(frozen=True)
class _Conv:
    """A convolution as the C template sees it.

    Attributes:
        linear: operands, weights [groups * output_channels, taps * channels], requantization.
        window: over the input; a 1x1 convolution of stride 1 sees an image of one row.
        channels: of one filter.
        groups: of channels.
    """

    linear: LinearOp
    window: Window
    channels: int
    groups: int

    @property
    def output_channels(self) -> int:
        """Of one group."""
        return len(self.linear.weights) // self.groups

    @property
    def pixelwise(self) -> bool:
        """Whether each output pixel reads the input pixel of the same index, and nothing else."""
        return self.window.taps == 1 and self.window.h.stride == self.window.w.stride == 1 and self.plain

    @property
    def plain(self) -> bool:
        """Whether there is one group, and no padding."""
        return self.groups == 1 and not self.window.padded

    @property
    def dense_rows(self) -> bool:
        """Whether a filter row reads consecutive inputs."""
        row = self.window.w
        return self.groups == 1 and (row.taps == 1 or row.dilation == 1)

    @property
    def name(self) -> str:
        """Of the variant."""
        variant = "1x1" if self.pixelwise else "rows" if self.dense_rows else "taps"
        return f"conv_2d {variant}"

    def whole_image_as_row(self) -> _Conv:
        """The same convolution with all pixels in one row, where it is pixelwise."""
        axis = Axis(1, 1, 1, 1, 1, 0)
        return replace(
            self, window=Window(axis, replace(axis, size=self.window.pixels, outputs=self.window.pixels))
        )


def _read(op: Op, graph: Graph) -> _Conv:
    attributes = op.attributes
    assert isinstance(attributes, Conv2DAttributes)
    layer = Layer(
        graph.operand(op, 0),
        graph.operand(op, 1),
        graph.optional(op, 2),
        graph.result(op),
        attributes.activation,
        wide_biases=attributes.wide_biases,
    )
    linear = read_linear(layer)
    batch, input_h, input_w, depth = linear.input.shape
    filters, filter_h, filter_w, channels = graph.operand(op, 1).shape
    if batch != 1:
        raise UnsuitableError("CONV_2D computes one image at a time", f"batch {batch}")
    if depth % channels or filters % (depth // channels):
        raise UnsuitableError(
            "Input and output channels divide into the groups of CONV_2D",
            f"{depth} input channels, {filters} filters of {channels} channels",
        )
    geometry = (
        (input_h, input_w),
        (filter_h, filter_w),
        (attributes.stride_h, attributes.stride_w),
        (attributes.dilation_h, attributes.dilation_w),
    )
    pads = resolve_pads(attributes.padding, *geometry)
    output_hw = linear.output.shape[1], linear.output.shape[2]
    window = Window.of(geometry[0], output_hw, *geometry[1:], pads)
    conv = _Conv(linear, window, channels, depth // channels)
    return conv.whole_image_as_row() if conv.pixelwise else conv


def _pairs(conv: _Conv) -> Array:
    """For each output column the first column of the one or two that are computed together."""
    columns = conv.window.w.outputs
    whole = conv.window.w.whole()
    first = np.arange(columns)
    if not conv.dense_rows:
        return first
    column = 0
    while column + 1 < columns:
        together = not conv.window.padded or (whole[column] and whole[column + 1])
        first[column + together] = column
        column += 1 + together
    return first


def _written_before(conv: _Conv) -> Array:
    """For each input element the end of what the kernel writes before it reads that element last.

    Elements of the dense output. Output channels are written in blocks of four, then one at a time, the
    last ones after the last read of the inputs; two pixels may take turns.
    """
    channels, depth = conv.output_channels, conv.output_channels * conv.groups
    rows, columns = conv.window.h.last_reader(), conv.window.w.last_reader()
    first = _pairs(conv)
    paired = np.bincount(first, minlength=len(first))[first] == 2
    last = channels - (1 if channels % BLOCK else BLOCK)
    group = np.repeat(np.arange(conv.groups), conv.channels) * channels
    row, column, offset = np.ix_(rows, columns, group)
    is_pair, is_second = paired[column], first[column] != column
    pixel = (row * conv.window.w.outputs + first[column]) * depth
    if last > 0:
        end = pixel + offset + last + np.where(is_pair, depth, 0)
    else:
        end = pixel + offset + np.where(is_pair & is_second & (channels % BLOCK == 1), 1, 0)
    return np.where((row >= 0) & (column >= 0), end, 0)


def _cost(conv: _Conv) -> Cost:
    """Fitted to counts of QEMU (Cortex-M4, GCC 12, -O2): per product, per run of products, per output."""
    outputs = conv.linear.output.elements
    per_tap = conv.channels * conv.output_channels * conv.groups
    products = conv.window.taps_inside * per_tap
    outside = (conv.window.taps * conv.window.pixels) * per_tap - products
    runs = conv.window.pixels * conv.window.h.taps * (1 if conv.dense_rows else conv.window.w.taps)
    starts = runs * -(-conv.output_channels // BLOCK) * conv.groups
    paired = conv.dense_rows and conv.output_channels >= BLOCK
    a_product = 2.3 if paired else 2.5 if conv.output_channels >= BLOCK else 5.0
    a_product *= conv.linear.arithmetic.effort
    instructions = round(products * a_product + outside * 2.25 + starts * 25 + outputs * 18)
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=conv.linear.constant_bytes + _CODE_BYTES[conv.name],
        reads=products // conv.output_channels * conv.linear.element_bytes,
        writes=conv.linear.output.bytes,
    )


def _parameters(conv: _Conv) -> tuple[Parameter, ...]:
    window = conv.window
    if conv.pixelwise:
        known = {"input_h", "output_h", "filter_h", "filter_w", "stride_h", "stride_w", "dilation_h"}
        known |= {"dilation_w", "pad_top", "pad_left"}
    elif conv.dense_rows:
        known = {"dilation_h", "dilation_w"} if window.h.dilation == 1 else set()
        if window.w.taps * conv.channels <= _SMALL_ROW:
            known |= {"filter_h", "filter_w", "channels"}
    else:
        known = set()
    if not window.padded:
        known |= {"pad_top", "pad_left"}
    if conv.groups == 1:
        known.add("groups")
    parameters = (
        *window.parameters(),
        *at_run_time(
            input_pitch=PitchOf(conv.linear.input.id),
            output_pitch=PitchOf(conv.linear.output.id),
            output_channels=conv.output_channels,
            groups=conv.groups,
            channels=conv.channels,
            input_zero_point=conv.linear.input_zero_point,
        ),
        Parameter("padded", int(window.padded)),
        Parameter("dense_rows", int(conv.dense_rows)),
        *conv.linear.output_parameters(),
    )
    return specialized(parameters, frozenset(known))


def _candidate(op: Op, conv: _Conv) -> Candidate:
    linear = conv.linear
    source, result = linear.input, linear.output
    constants = (linear.filters(conv.groups), *linear.tables)
    # A filter row is one run of inputs only where neighbouring pixels touch.
    touching = conv.dense_rows and conv.window.w.taps > 1
    allowed = forward(_written_before(conv), linear.element_bytes, linear.element_bytes)
    return Candidate(
        set="portable",
        name=conv.name,
        covers=(op.id,),
        operands=(Operand(source.id, pitch=source.shape[-1] if touching else None), Operand(result.id)),
        cost=_cost(conv),
        call=Call(
            header="portable/conv_2d.h",
            function=f"tg_conv_2d_{linear.arithmetic.value}",
            params="tg_conv_2d_params",
            arguments=linear.arguments(constants),
            parameters=_parameters(conv),
        ),
        overlaps=(Overlap(source.id, result.id, allowed),),
        constants=constants,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: the pixelwise, the row-wise or the tap-wise variant, the first that applies."""
    return propose_one(lambda op: _candidate(op, _read(op, graph)), region)
