"""TRANSPOSE: firmware/kernels/portable/transpose.h."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygen.ir import Array, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Overlap,
    Parameter,
    Placement,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.nest import MAX_LEVELS, Level, collapse, strides, table
from tinygen.kernels.operands import argument, at_run_time, dense_activations
from tinygen.kernels.traversal import forward
from tinygen.target import Target

KINDS = ("TRANSPOSE",)

_CODE_BYTES = 240
_INSTRUCTIONS_AN_ELEMENT = 5
_INSTRUCTIONS_A_CHUNK = 11
_INSTRUCTIONS_A_ROW = 23


def loops_of(shape: Sequence[int], perm: Sequence[int]) -> list[Level]:
    """The fewest loops over the output, with the steps in elements of the input; none is the identity."""
    steps = strides(shape)
    loops = collapse([Level(shape[axis], (steps[axis],)) for axis in perm])
    return [] if [level.steps for level in loops] == [(1,)] else loops


def _last_read(source: Tensor, perm: Sequence[int]) -> Array:
    """For each input element where it goes in the output."""
    order = np.arange(source.elements).reshape(source.shape).transpose(perm).ravel()
    last = np.empty_like(order)
    last[order] = np.arange(order.size)
    return last


def _view(op: Op, source: Tensor, result: Tensor) -> Candidate:
    return Candidate(
        set="portable",
        name="transpose as view",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=Cost(instructions=0, cycles=0),
        call=None,
        placements=(Placement(result.id, base=source.id),),
        proof="only axes of one element change their places",
    )


def _cost(source: Tensor, inner: Level, chunk: int, nest: Array) -> Cost:
    chunks = source.bytes // chunk
    copying = _INSTRUCTIONS_A_CHUNK + (chunk // 4 + chunk % 4) * 5 if chunk > 4 else _INSTRUCTIONS_AN_ELEMENT
    instructions = chunks * copying + chunks // inner.extent * _INSTRUCTIONS_A_ROW
    return Cost(
        instructions=instructions,
        cycles=instructions * 3 // 2,
        flash=_CODE_BYTES + nest.nbytes,
        reads=source.bytes,
        writes=source.bytes,
    )


def _candidate(
    op: Op, source: Tensor, result: Tensor, perm: Sequence[int], loops: Sequence[Level]
) -> Candidate:
    size = source.dtype.bytes
    in_bytes = [Level(level.extent, (level.steps[0] * size,)) for level in loops]
    chunk = size
    if loops[-1].steps == (1,):
        chunk = in_bytes.pop().extent * size
    inner = in_bytes.pop()
    nest = table(in_bytes)
    # A single element is copied by an instance that knows its size; nothing is gained for long chunks.
    chunk_field = Parameter("chunk", chunk, specialize=chunk <= 4)
    fields = at_run_time(size=inner.extent, step=inner.steps[0], levels=len(in_bytes))
    return Candidate(
        set="portable",
        name="transpose",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=_cost(source, inner, chunk, nest),
        call=Call(
            header="portable/transpose.h",
            function="tg_transpose",
            params="tg_transpose_params",
            arguments=(
                argument("input", source),
                argument("output", result),
                Argument("nest", ConstantPointer("nest")),
            ),
            parameters=(*fields, chunk_field),
        ),
        overlaps=(Overlap(source.id, result.id, forward(_last_read(source, perm), size, size)),),
        constants=(Constant("nest", ConstantKind.CONSTANTS, lambda: nest),),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any element type and constant permutation; a view where it can be."""
    (op,) = region
    source, order, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if order.data is None:
        return Refusal("portable", "TRANSPOSE's permutation is constant", f"computed by {order.name!r}")
    if len(source.shape) > MAX_LEVELS or not source.elements:
        rule = f"TRANSPOSE's input has at most {MAX_LEVELS} axes, none of them empty"
        return Refusal("portable", rule, f"shape {source.shape}")
    perm = [int(axis) for axis in order.data.ravel()]
    loops = loops_of(source.shape, perm)
    if not loops:
        return [_view(op, source, result)]
    return [_candidate(op, source, result, perm, loops)]
