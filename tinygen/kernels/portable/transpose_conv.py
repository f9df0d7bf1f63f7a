"""TRANSPOSE_CONV: firmware/kernels/portable/transpose_conv.h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
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
from tinygen.ops.geometry import resolve_pads
from tinygen.ops.operator import attributes_of
from tinygen.ops.transpose_conv import TransposeConvAttributes
from tinygen.target import Target

KINDS = ("TRANSPOSE_CONV",)

_CODE_BYTES = 1300


@dataclass(frozen=True)
class _Axis:
    """Height or width.

    Attributes:
        inputs, outputs: sizes.
        taps, stride: of the filter.
        before: padding of the convolution that is transposed, before its first input.
    """

    inputs: int
    outputs: int
    taps: int
    stride: int
    before: int

    @property
    def reached(self) -> Array:
        """For each input and tap whether it reaches an output; bool [inputs, taps]."""
        output = self._output
        inside: Array = (output >= 0) & (output < self.outputs)
        return inside

    @property
    def _output(self) -> Array:
        start = np.arange(self.inputs)[:, None] * self.stride - self.before
        output: Array = start + np.arange(self.taps)[None, :]
        return output

    def last_reader(self) -> Array:
        """For each input the last output that it reaches, or -1; int64."""
        last: Array = np.where(self.reached, self._output, -1).max(axis=1, initial=-1)
        return last


@dataclass(frozen=True)
class _TransposeConv:
    """A transposed convolution as the C template sees it.

    Attributes:
        linear: operands, weights [output channels, taps * channels], requantization.
        h, w: axes.
    """

    linear: LinearOp
    h: _Axis
    w: _Axis

    @property
    def channels(self) -> int:
        """Of the input."""
        return self.linear.input.shape[3]

    @property
    def output_channels(self) -> int:
        """Number of filters."""
        return len(self.linear.weights)


def _read(op: Op, graph: Graph) -> _TransposeConv:
    attributes = attributes_of(op, TransposeConvAttributes)
    source, filters, result = graph.operand(op, 2), graph.operand(op, 1), graph.result(op)
    linear = read_linear(
        Layer(
            source,
            filters,
            graph.optional(op, 3),
            result,
            attributes.activation,
            wide_biases=(DType.INT64, DType.INT16),
            folded=False,
        )
    )
    if source.shape[0] != 1:
        raise UnsuitableError("TRANSPOSE_CONV computes one image at a time", f"batch {source.shape[0]}")
    filter_hw, output_hw = filters.shape[1:3], result.shape[1:3]
    stride_hw = attributes.stride_h, attributes.stride_w
    pads = resolve_pads(
        attributes.padding, (output_hw[0], output_hw[1]), (filter_hw[0], filter_hw[1]), stride_hw
    )
    sizes = zip(source.shape[1:3], output_hw, filter_hw, stride_hw, (pads.top, pads.left), strict=True)
    return _TransposeConv(linear, *(_Axis(*values) for values in sizes))


def _written_before(conv: _TransposeConv) -> Array:
    """For each input element the end of what the kernel writes before it reads that element last.

    Elements of the dense output. Output channels are written in blocks of four, then one at a time, the
    last ones after the last read of the inputs.
    """
    depth = conv.output_channels
    row, column, _ = np.ix_(conv.h.last_reader(), conv.w.last_reader(), np.arange(conv.channels))
    last = depth - (1 if depth % BLOCK else BLOCK)
    end = (row * conv.w.outputs + column) * depth + last
    reached = np.where((row >= 0) & (column >= 0), end, 0)
    return np.broadcast_to(reached, conv.linear.input.shape[1:])


def _cost(conv: _TransposeConv) -> Cost:
    """Fitted to counts of QEMU (Cortex-M4, GCC 12, -O2): a part per product, per tap and per output."""
    taps = int(conv.h.reached.sum() * conv.w.reached.sum())
    blocks, rest = divmod(conv.output_channels, BLOCK)
    a_block = 3.3 * BLOCK * conv.linear.arithmetic.effort
    products = taps * conv.channels * (blocks * a_block + rest * 10)
    outputs = conv.linear.output.elements
    instructions = round(products + taps * (blocks + rest) * 25 + outputs * 24)
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=conv.linear.constant_bytes + _CODE_BYTES,
        reads=taps * conv.channels * (blocks + rest) * conv.linear.element_bytes,
        writes=conv.linear.output.bytes,
    )


def _parameters(conv: _TransposeConv) -> tuple[Parameter, ...]:
    linear = conv.linear
    return (
        *at_run_time(
            input_h=conv.h.inputs,
            input_w=conv.w.inputs,
            input_pitch=PitchOf(linear.input.id),
            output_h=conv.h.outputs,
            output_w=conv.w.outputs,
            output_pitch=PitchOf(linear.output.id),
            output_channels=conv.output_channels,
            filter_h=conv.h.taps,
            filter_w=conv.w.taps,
            channels=conv.channels,
            stride_h=conv.h.stride,
            stride_w=conv.w.stride,
            pad_top=conv.h.before,
            pad_left=conv.w.before,
            input_zero_point=linear.input_zero_point,
        ),
        *linear.output_parameters(),
    )


def _candidate(op: Op, conv: _TransposeConv) -> Candidate:
    linear = conv.linear
    constants = (linear.filters(), *linear.tables)
    allowed = forward(_written_before(conv), linear.element_bytes, linear.element_bytes)
    return Candidate(
        set="portable",
        name="transpose_conv",
        covers=(op.id,),
        operands=(Operand(linear.input.id), Operand(linear.output.id)),
        cost=_cost(conv),
        call=Call(
            header="portable/transpose_conv.h",
            function=f"tg_transpose_conv_{linear.arithmetic.value}",
            params="tg_transpose_conv_params",
            arguments=linear.arguments(constants),
            parameters=_parameters(conv),
        ),
        overlaps=(Overlap(linear.input.id, linear.output.id, allowed),),
        constants=constants,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate."""
    return propose_one(lambda op: _candidate(op, _read(op, graph)), region)
