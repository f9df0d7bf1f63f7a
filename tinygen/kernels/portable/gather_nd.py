"""GATHER_ND by indices that are computed: firmware/kernels/portable/gather_nd.h."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Graph
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Proposal,
    Region,
)
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.ops.gather_nd import slice_elements, steps
from tinygen.target import Target

KINDS = ("GATHER_ND",)

_CODE_BYTES = 130
_INSTRUCTIONS_A_SLICE = 8
_INSTRUCTIONS_AN_INDEX = 4


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any element type; input, indices and output lie apart."""
    (op,) = region
    source, indices, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    size = source.dtype.bytes
    row = slice_elements(graph, op) * size
    moves = (steps(graph, op) * size).astype(np.int32)
    slices = result.bytes // row
    instructions = slices * (_INSTRUCTIONS_A_SLICE + row // 4 * 4 + row % 4 * 5)
    instructions += indices.elements * _INSTRUCTIONS_AN_INDEX
    return [
        Candidate(
            set="portable",
            name="gather_nd",
            covers=(op.id,),
            operands=dense_activations((source, indices, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES + moves.nbytes + (source.bytes if source.is_constant else 0),
                reads=result.bytes + indices.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/gather_nd.h",
                function="tg_gather_nd",
                params="tg_gather_nd_params",
                arguments=(
                    argument("input", source),
                    argument("indices", indices),
                    argument("output", result),
                    Argument("steps", ConstantPointer("steps")),
                ),
                parameters=at_run_time(slices=slices, depth=moves.size, last=source.bytes - row, row=row),
            ),
            constants=(
                Constant("steps", ConstantKind.CONSTANTS, lambda: moves),
                *stored("input", source),
                *stored("indices", indices),
            ),
            proof="for slices inside of the input; TFLM fails on others",
        )
    ]
