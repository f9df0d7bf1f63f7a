"""PAD that no other op has taken up: firmware/kernels/portable/pad.h."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

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
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.kernels.portable.fill import Filling, filling
from tinygen.kernels.traversal import forward
from tinygen.ops.pad import value
from tinygen.target import Target

KINDS = ("PAD", "PADV2")

_CODE_BYTES = 288
_INSTRUCTIONS_A_CHUNK = 70
_MAX_LEVELS = 6

Border = tuple[int, int, int]
"""Bytes before, rounds, bytes after."""


def borders(shape: Sequence[int], pads: Sequence[tuple[int, int]], size: int) -> tuple[list[Border], int]:
    """The fewest loops that pad a tensor of `shape` and `size` bytes an element, and the bytes of a chunk.

    Axes without pads inside the innermost padded one belong to the chunk, as that one does itself; others
    give their rounds to the loop around them.
    """
    padded = [axis for axis, pair in enumerate(pads) if pair != (0, 0)]
    last = padded[-1] if padded else 0
    chunk = prod(shape[last:]) * size
    loops: list[Border] = []
    for axis in range(last):
        inner = prod(shape[k] + sum(pads[k]) for k in range(axis + 1, len(shape))) * size
        before, after = pads[axis]
        if loops and pads[axis] == (0, 0):
            loops[-1] = (loops[-1][0], loops[-1][1] * shape[axis], loops[-1][2])
        else:
            loops.append((before * inner, shape[axis], after * inner))
    inner = prod(shape[last + 1 :]) * size
    before, after = pads[last] if padded else (0, 0)
    return [*loops, (before * inner, 1, after * inner)], chunk


def _last_read(source: Tensor, result: Tensor, pads: Sequence[tuple[int, int]]) -> Array:
    """For each input element where it goes in the output."""
    positions = np.arange(result.elements).reshape(result.shape)
    return positions[tuple(slice(a, a + n) for (a, _), n in zip(pads, source.shape, strict=True))]


def _candidate(
    op: Op, source: Tensor, result: Tensor, pads: Sequence[tuple[int, int]], filling: Filling
) -> Candidate:
    size = source.dtype.bytes
    loops, chunk = borders(source.shape, pads, size)
    chunks = source.bytes // chunk
    instructions = chunks * (_INSTRUCTIONS_A_CHUNK + chunk // 4 * 5 + chunk % 4 * 5)
    table = np.asarray(loops, np.int32).ravel()
    return Candidate(
        set="portable",
        name="pad",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=Cost(
            instructions=instructions + (result.bytes - source.bytes) // 4,
            cycles=instructions * 3 // 2,
            flash=_CODE_BYTES + table.nbytes,
            reads=source.bytes,
            writes=result.bytes,
        ),
        call=Call(
            header="portable/pad.h",
            function="tg_pad",
            params="tg_pad_params",
            arguments=(
                argument("input", source),
                argument("output", result),
                Argument("borders", ConstantPointer("borders")),
            ),
            parameters=(
                *at_run_time(levels=len(loops), chunk=chunk, value=filling.value),
                Parameter("element", filling.element),
            ),
        ),
        overlaps=()
        if source.is_constant
        else (Overlap(source.id, result.id, forward(_last_read(source, result, pads), size, size)),),
        constants=(Constant("borders", ConstantKind.CONSTANTS, lambda: table), *stored("input", source)),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any element type and any rank up to 6.

    In place where the input's end lies at the end of what it becomes.
    """
    (op,) = region
    source, paddings, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if paddings.data is None:
        return Refusal("portable", "PAD's paddings are constant", f"computed by {paddings.name!r}")
    pads = [(int(before), int(after)) for before, after in paddings.data.reshape(-1, 2)]
    if len(source.shape) > _MAX_LEVELS or not source.elements:
        rule = f"PAD's input has at most {_MAX_LEVELS} axes, none of them empty"
        return Refusal("portable", rule, f"shape {source.shape}")
    return [_candidate(op, source, result, pads, filling(value(graph, op)))]
