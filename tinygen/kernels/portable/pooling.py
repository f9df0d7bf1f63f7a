"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D: firmware/kernels/portable/pooling.h."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Operand,
    Overlap,
    Parameter,
    PitchOf,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.operands import argument, at_run_time, specialized, suffix
from tinygen.kernels.traversal import forward
from tinygen.numerics.quantize import activation_range, plain_activation_range
from tinygen.ops.geometry import Pads, resolve_pads
from tinygen.ops.operator import attributes_of
from tinygen.ops.pooling import DTYPES, Pool2DAttributes
from tinygen.target import Target

KINDS = tuple(DTYPES)

_CODE_BYTES = 420
_INSTRUCTIONS_A_TAP = 6
_INSTRUCTIONS_A_ROW = 7
_INSTRUCTIONS_AN_OUTPUT = 26


def _last_window(size: int, outputs: int, taps: int, stride: int, before: int) -> Array:
    """For each input row (or column) the last output row whose window holds it, or -1."""
    position = np.arange(size) + before
    last = np.minimum(position // stride, outputs - 1)
    return np.where(position < last * stride + taps, last, -1)


def _last_read(source: Tensor, result: Tensor, attributes: Pool2DAttributes, pads: Pads) -> Array:
    """For each input element the last output element that reads it, or -1."""
    batches, input_h, input_w, channels = source.shape
    output_h, output_w = result.shape[1:3]
    rows = _last_window(input_h, output_h, attributes.filter_h, attributes.stride_h, pads.top)
    columns = _last_window(input_w, output_w, attributes.filter_w, attributes.stride_w, pads.left)
    batch, row, column, channel = np.ix_(np.arange(batches), rows, columns, np.arange(channels))
    element = ((batch * output_h + row) * output_w + column) * channels + channel
    return np.where((row >= 0) & (column >= 0), element, -1)


def _cost(source: Tensor, result: Tensor, attributes: Pool2DAttributes) -> Cost:
    rows = min(attributes.filter_h, source.shape[1])
    taps = rows * min(attributes.filter_w, source.shape[2])
    instructions = result.elements * (
        _INSTRUCTIONS_AN_OUTPUT + rows * _INSTRUCTIONS_A_ROW + taps * _INSTRUCTIONS_A_TAP
    )
    return Cost(
        instructions=instructions,
        cycles=instructions * 3 // 2,
        flash=_CODE_BYTES,
        reads=result.bytes * taps,
        writes=result.bytes,
    )


def _limits(result: Tensor, activation: str) -> tuple[Parameter, ...]:
    """The range that the fused activation leaves."""
    if result.dtype is DType.FLOAT32:
        least, most = plain_activation_range(activation, result.dtype.numpy)
        return specialized(least=least, most=most)
    quant = result.quant
    assert quant is not None
    lowest, highest = activation_range(activation, quant.scale, quant.zero_point, result.dtype.numpy)
    return specialized(lowest=lowest, highest=highest)


def _candidate(op: Op, source: Tensor, result: Tensor, pads: Pads) -> Candidate:
    attributes = attributes_of(op, Pool2DAttributes)
    batches, input_h, input_w, channels = source.shape
    parameters = at_run_time(
        batches=batches,
        input_h=input_h,
        input_w=input_w,
        input_pitch=PitchOf(source.id),
        output_h=result.shape[1],
        output_w=result.shape[2],
        output_pitch=PitchOf(result.id),
        channels=channels,
        filter_h=attributes.filter_h,
        filter_w=attributes.filter_w,
        stride_h=attributes.stride_h,
        stride_w=attributes.stride_w,
        pad_top=pads.top,
        pad_left=pads.left,
    )
    name, kind = op.kind.lower(), suffix(source.dtype)
    last_read, size = _last_read(source, result, attributes, pads), source.dtype.bytes
    return Candidate(
        set="portable",
        name=name if kind == "s8" else f"{name} {kind}",
        covers=(op.id,),
        operands=(Operand(source.id), Operand(result.id)),
        cost=_cost(source, result, attributes),
        call=Call(
            header="portable/pooling.h",
            function=f"tg_{name}_{kind}",
            params="tg_pool_2d_params",
            arguments=(argument("input", source), argument("output", result)),
            parameters=(*parameters, *_limits(result, attributes.activation.name)),
        ),
        overlaps=(Overlap(source.id, result.id, forward(last_read, size, size)),),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any window, stride and padding."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    supported = DTYPES[op.kind]
    if source.dtype not in supported or result.dtype is not source.dtype:
        names = " or ".join(", ".join(map(str, supported)).rsplit(", ", 1))
        rule = f"{op.kind} takes and gives {names} tensors"
        return Refusal("portable", rule, f"{source.dtype} to {result.dtype}")
    attributes = attributes_of(op, Pool2DAttributes)
    filter_hw = attributes.filter_h, attributes.filter_w
    input_hw = source.shape[1], source.shape[2]
    stride_hw = attributes.stride_h, attributes.stride_w
    pads = resolve_pads(attributes.padding, input_hw, filter_hw, stride_hw)
    if max(pads.top, pads.bottom) >= filter_hw[0] or max(pads.left, pads.right) >= filter_hw[1]:
        return Refusal("portable", f"every window of {op.kind} holds a part of the input", f"padding {pads}")
    return [_candidate(op, source, result, pads)]
