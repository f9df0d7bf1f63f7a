"""ARG_MAX and ARG_MIN: firmware/kernels/portable/arg_min_max.h."""

from __future__ import annotations

from math import prod

import numpy as np

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.interface import Call, Candidate, Cost, Overlap, Proposal, Refusal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, specialized, suffix
from tinygen.kernels.traversal import forward
from tinygen.ops.arg_min_max import DTYPES, axis
from tinygen.target import Target

KINDS = ("ARG_MAX", "ARG_MIN")

_CODE_BYTES = 162
_INSTRUCTIONS_AN_ELEMENT = 10
_INSTRUCTIONS_AN_OUTPUT = 17


def _candidate(op: Op, source: Tensor, result: Tensor, along: int) -> Candidate:
    outer, inner = prod(source.shape[:along]), prod(source.shape[along + 1 :])
    outputs = np.arange(result.elements).reshape(outer, 1, inner)
    last = np.broadcast_to(outputs, (outer, source.shape[along], inner))
    instructions = source.elements * _INSTRUCTIONS_AN_ELEMENT + result.elements * _INSTRUCTIONS_AN_OUTPUT
    kind = suffix(source.dtype)
    return Candidate(
        set="portable",
        name=op.kind.lower() if kind == "s8" else f"{op.kind.lower()} {kind}",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=Cost(
            instructions=instructions,
            cycles=instructions * 3 // 2,
            flash=_CODE_BYTES,
            reads=source.bytes,
            writes=result.bytes,
        ),
        call=Call(
            header="portable/arg_min_max.h",
            function=f"tg_arg_min_max_{kind}",
            params="tg_arg_min_max_params",
            arguments=(argument("input", source), argument("output", result)),
            parameters=(
                *at_run_time(outer=outer, size=source.shape[along], inner=inner),
                *specialized(maximum=int(op.kind == "ARG_MAX")),
            ),
        ),
        overlaps=(Overlap(source.id, result.id, forward(last, source.dtype.bytes, result.dtype.bytes)),),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for a constant axis."""
    (op,) = region
    source, along, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if source.dtype not in DTYPES or result.dtype is not DType.INT32:
        rule = f"{op.kind} takes int8 or float32 and gives int32 tensors"
        return Refusal("portable", rule, f"{source.dtype} to {result.dtype}")
    if not along.is_constant:
        return Refusal("portable", f"{op.kind}'s axis is constant", f"computed by {along.name!r}")
    return [_candidate(op, source, result, axis(graph, op))]
