"""CUMSUM: firmware/kernels/portable/cumsum.h."""

from __future__ import annotations

from math import prod

import numpy as np

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Overlap,
    Parameter,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.intervals import IntervalSet, apart
from tinygen.kernels.operands import (
    argument,
    at_run_time,
    dense_activations,
    is_int8,
    specialized,
    suffix,
)
from tinygen.kernels.traversal import backward, forward
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.arg_min_max import axis
from tinygen.ops.cumsum import CumsumAttributes, rescale_factor
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("CUMSUM",)

_CODE_BYTES = 252
_INSTRUCTIONS_AN_ELEMENT = 27
_INSTRUCTIONS_A_LINE = 24


def _overlap(source: Tensor, inner: int, *, reverse: bool) -> IntervalSet:
    """In the order of memory where the axis is the last one; else lines are interleaved."""
    size, elements = source.dtype.bytes, np.arange(source.elements)
    if inner > 1:
        return apart(source.bytes, source.bytes) | IntervalSet.of((0, 0))
    return backward(elements, source.elements, size, size) if reverse else forward(elements, size, size)


def _scaling(graph: Graph, op: Op) -> tuple[Parameter, ...]:
    """Source: CalculateOpData in tensorflow/lite/micro/kernels/cumsum.cc."""
    source, result = graph.operand(op, 0), graph.result(op)
    if source.quant is None or result.quant is None or source.dtype is not DType.INT8:
        return ()
    multiplier, shift = quantize_multiplier(rescale_factor(graph, op))
    return at_run_time(
        input_zero=source.quant.zero_point,
        multiplier=multiplier,
        shift=shift,
        output_zero=result.quant.zero_point,
    )


def _candidate(graph: Graph, op: Op, source: Tensor, result: Tensor) -> Candidate:
    along, attributes = axis(graph, op), attributes_of(op, CumsumAttributes)
    outer, inner = prod(source.shape[:along]), prod(source.shape[along + 1 :])
    instructions = source.elements * _INSTRUCTIONS_AN_ELEMENT + outer * inner * _INSTRUCTIONS_A_LINE
    return Candidate(
        set="portable",
        name="cumsum" if source.dtype is DType.INT8 else "cumsum f32",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=Cost(
            instructions=instructions,
            cycles=instructions * 5 // 4,
            flash=_CODE_BYTES,
            reads=source.bytes,
            writes=result.bytes,
        ),
        call=Call(
            header="portable/cumsum.h",
            function=f"tg_cumsum_{suffix(source.dtype)}",
            params="tg_cumsum_params",
            arguments=(argument("input", source), argument("output", result)),
            parameters=(
                *at_run_time(outer=outer, size=source.shape[along], inner=inner),
                *specialized(exclusive=int(attributes.exclusive), reverse=int(attributes.reverse)),
                *_scaling(graph, op),
            ),
        ),
        overlaps=(Overlap(source.id, result.id, _overlap(source, inner, reverse=attributes.reverse)),),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for a constant axis; in place."""
    (op,) = region
    source, along, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    plain = all(tensor.dtype is DType.FLOAT32 for tensor in (source, result))
    if not plain and not (is_int8(source) and is_int8(result)):
        rule = "CUMSUM takes and gives int8 or float32 tensors"
        return Refusal("portable", rule, f"{source.dtype} to {result.dtype}")
    if not along.is_constant:
        return Refusal("portable", "CUMSUM's axis is constant", f"computed by {along.name!r}")
    return [_candidate(graph, op, source, result)]
