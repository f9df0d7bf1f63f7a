"""DYNAMIC_UPDATE_SLICE: firmware/kernels/portable/dynamic_update_slice.h."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Tensor
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
    Region,
)
from tinygen.kernels.nest import Level, collapse, strides, table
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.kernels.traversal import forward
from tinygen.target import Target

KINDS = ("DYNAMIC_UPDATE_SLICE",)

_CODE_BYTES = 300
_INSTRUCTIONS_A_CHUNK = 30


def _chunks(source: Tensor, update: Tensor) -> tuple[list[Level], int]:
    """Loops over the update's runs in the input, in bytes, and the bytes of a run."""
    size = source.dtype.bytes
    loops = collapse(
        [Level(extent, (step,)) for extent, step in zip(update.shape, strides(source.shape), strict=True)]
    )
    chunk = size
    if loops and loops[-1].steps == (1,):
        chunk *= loops.pop().extent
    return [Level(level.extent, (level.steps[0] * size,)) for level in loops], chunk


def _limits(source: Tensor, update: Tensor) -> Array:
    """For each dimension the last start index and the bytes from one index to the next."""
    size = source.dtype.bytes
    last = [extent - part for extent, part in zip(source.shape, update.shape, strict=True)]
    steps = [step * size for step in strides(source.shape)]
    return np.asarray(list(zip(last, steps, strict=True)), np.int32).ravel()


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any element type; in place over the input, apart from the other operands."""
    (op,) = region
    source, update, start = (graph.operand(op, index) for index in range(3))
    result = graph.result(op)
    size = source.dtype.bytes
    loops, chunk = _chunks(source, update)
    places = np.concatenate([_limits(source, update), table(loops)]).astype(np.int32)
    order = forward(np.arange(source.elements), size, size)
    runs = update.bytes // chunk
    # The input is copied unless planning lets the output lie on it, which is not known here.
    instructions = source.bytes // 4 * 4 + runs * (_INSTRUCTIONS_A_CHUNK + chunk // 4 * 4 + chunk % 4 * 5)
    return [
        Candidate(
            set="portable",
            name="dynamic_update_slice",
            covers=(op.id,),
            operands=dense_activations((source, update, start, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES + places.nbytes,
                reads=source.bytes + update.bytes,
                writes=source.bytes + update.bytes,
            ),
            call=Call(
                header="portable/dynamic_update_slice.h",
                function="tg_dynamic_update_slice",
                params="tg_dynamic_update_slice_params",
                arguments=(
                    argument("input", source),
                    argument("update", update),
                    argument("start", start),
                    argument("output", result),
                    Argument("table", ConstantPointer("table")),
                ),
                parameters=(
                    *at_run_time(bytes=source.bytes, dims=len(source.shape), levels=len(loops), chunk=chunk),
                    Parameter("wide", int(start.dtype is DType.INT64)),
                ),
            ),
            overlaps=() if source.is_constant else (Overlap(source.id, result.id, order),),
            constants=(
                Constant("table", ConstantKind.CONSTANTS, lambda: places),
                *stored("input", source),
                *stored("update", update),
                *stored("start", start),
            ),
        )
    ]
