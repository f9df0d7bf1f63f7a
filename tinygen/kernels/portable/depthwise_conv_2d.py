"""DEPTHWISE_CONV_2D: firmware/kernels/portable/depthwise_conv_2d.h."""

from __future__ import annotations

from dataclasses import dataclass

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
from tinygen.kernels.linear import Layer, LinearOp, UnsuitableError, propose_one
from tinygen.kernels.linear_reader import read_linear
from tinygen.kernels.operands import at_run_time
from tinygen.kernels.traversal import forward
from tinygen.kernels.window import Window, specialized
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.geometry import resolve_pads
from tinygen.target import Target

KINDS = ("DEPTHWISE_CONV_2D",)

_PIXELS = 4
"""Neighbouring pixels that the kernel computes together."""

_WIDEST = 8
"""Filter width up to which a walk over columns is unrolled."""

_CODE_BYTES = 1600


@dataclass(frozen=True)
class _Depthwise:
    """A depthwise convolution as the C template sees it.

    Attributes:
        linear: operands, weights [output channels, taps], requantization.
        window: over the input.
        multiplier: output channels per input channel.
    """

    linear: LinearOp
    window: Window
    multiplier: int

    @property
    def columns(self) -> bool:
        """Whether filter width and stride are constants of the instance, and its loops unrolled."""
        axis = self.window.w
        return axis.dilation == 1 and axis.taps <= _WIDEST and axis.stride <= 2

    @property
    def name(self) -> str:
        """Of the variant."""
        if not self.columns:
            return "depthwise_conv_2d taps"
        height, width = self.window.h, self.window.w
        return f"depthwise_conv_2d {height.taps}x{width.taps} s{width.stride}"


def _read(op: Op, graph: Graph) -> _Depthwise:
    attributes = op.attributes
    assert isinstance(attributes, DepthwiseConv2DAttributes)
    layer = Layer(
        graph.operand(op, 0),
        graph.operand(op, 1),
        graph.optional(op, 2),
        graph.result(op),
        attributes.activation,
        channel_axis=3,
    )
    linear = read_linear(layer)
    batch, input_h, input_w, channels = linear.input.shape
    _, filter_h, filter_w, filters = graph.operand(op, 1).shape
    if batch != 1:
        raise UnsuitableError("DEPTHWISE_CONV_2D computes one image at a time", f"batch {batch}")
    if filters % channels:
        raise UnsuitableError(
            "DEPTHWISE_CONV_2D has a whole number of filters per input channel",
            f"{filters} filters for {channels} channels",
        )
    geometry = (
        (input_h, input_w),
        (filter_h, filter_w),
        (attributes.stride_h, attributes.stride_w),
        (attributes.dilation_h, attributes.dilation_w),
    )
    output_hw = linear.output.shape[1], linear.output.shape[2]
    window = Window.of(geometry[0], output_hw, *geometry[1:], resolve_pads(attributes.padding, *geometry))
    return _Depthwise(linear, window, filters // channels)


def _written_before(conv: _Depthwise) -> Array:
    """For each input element the end of what the kernel writes before it reads that element last.

    Elements of the dense output. Up to four pixels are written together, channel by channel.
    """
    depth, width = len(conv.linear.weights), conv.window.w.outputs
    rows, columns = conv.window.h.last_reader(), conv.window.w.last_reader()
    last_channel = (np.arange(depth // conv.multiplier) + 1) * conv.multiplier - 1
    row, column, channel = np.ix_(rows, columns, last_channel)
    first = column // _PIXELS * _PIXELS
    last = np.minimum(first + _PIXELS, width) - 1
    end = (row * width + np.where(channel > 0, last, first)) * depth + channel
    return np.where((row >= 0) & (column >= 0), end, 0)


def _quads(conv: _Depthwise) -> tuple[int, int]:
    """Groups of pixels in an output row: all, and those whose columns are checked one by one."""
    whole = conv.window.w.whole()
    groups = [whole[first : first + _PIXELS] for first in range(0, len(whole), _PIXELS)]
    return len(groups), sum(len(group) < _PIXELS or not group.all() for group in groups)


def _cost(conv: _Depthwise) -> Cost:
    """Fitted to counts of QEMU (Cortex-M4, GCC 12, -O2): a part per filter row, channel and output."""
    height, width = conv.window.h, conv.window.w
    outputs, channels = conv.linear.output.elements, len(conv.linear.weights)
    quads, checked = _quads(conv)
    inputs = 3 * width.stride + width.taps if conv.columns else _PIXELS * width.taps
    a_row = 20 + width.taps * (4.2 if conv.columns else 14) * conv.linear.arithmetic.effort
    rows = height.outputs * height.taps * quads * a_row
    checks = int(height.inside().sum()) * checked * inputs * 3
    instructions = round(channels * (rows + checks + height.outputs * quads * 23) + outputs * 20)
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=conv.linear.constant_bytes + _CODE_BYTES,
        reads=channels * int(height.inside().sum()) * quads * inputs * conv.linear.element_bytes,
        writes=conv.linear.output.bytes,
    )


def _parameters(conv: _Depthwise) -> tuple[Parameter, ...]:
    window, linear = conv.window, conv.linear
    known = {"dilation_h"} if window.h.dilation == 1 else set()
    if conv.columns:
        known |= {"filter_h", "filter_w", "stride_w", "dilation_w"}
    if conv.multiplier == 1:
        known.add("depth_multiplier")
    if not window.padded:
        known |= {"pad_top", "pad_left"}
    parameters = (
        *window.parameters(),
        *at_run_time(
            input_pitch=PitchOf(linear.input.id),
            output_pitch=PitchOf(linear.output.id),
            channels=len(linear.weights) // conv.multiplier,
            depth_multiplier=conv.multiplier,
            input_zero_point=linear.input_zero_point,
        ),
        Parameter("padded", int(window.padded)),
        Parameter("columns", int(conv.columns)),
        *linear.output_parameters(),
    )
    return specialized(parameters, frozenset(known))


def _candidate(op: Op, conv: _Depthwise) -> Candidate:
    linear = conv.linear
    constants = (linear.filters_in_order(), *linear.tables)
    allowed = forward(_written_before(conv), linear.element_bytes, linear.element_bytes)
    return Candidate(
        set="portable",
        name=conv.name,
        covers=(op.id,),
        operands=(Operand(linear.input.id), Operand(linear.output.id)),
        cost=_cost(conv),
        call=Call(
            header="portable/depthwise_conv_2d.h",
            function=f"tg_depthwise_conv_2d_{linear.arithmetic.value}",
            params="tg_depthwise_conv_2d_params",
            arguments=linear.arguments(constants),
            parameters=_parameters(conv),
        ),
        overlaps=(Overlap(linear.input.id, linear.output.id, allowed),),
        constants=constants,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, with its loops over columns unrolled for narrow filters without dilation."""
    return propose_one(lambda op: _candidate(op, _read(op, graph)), region)
