"""CIRCULAR_BUFFER: firmware/kernels/portable/circular_buffer.h."""

from __future__ import annotations

from tinygen.ir import Graph
from tinygen.kernels.interface import Call, Candidate, Cost, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations
from tinygen.target import Target

KINDS = ("CIRCULAR_BUFFER",)

_CODE_BYTES = 90
_CALL_INSTRUCTIONS = 50


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: rows move up in place, and the input is copied behind them."""
    (op,) = region
    source, buffer = graph.operand(op, 0), graph.tensors[op.updates[0]]
    kept = buffer.bytes - source.bytes
    instructions = _CALL_INSTRUCTIONS + kept // 4 * 5 + source.bytes // 4 * 3
    return [
        Candidate(
            set="portable",
            name="circular_buffer",
            covers=(op.id,),
            operands=dense_activations((source, buffer)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES,
                reads=buffer.bytes,
                writes=buffer.bytes,
            ),
            call=Call(
                header="portable/circular_buffer.h",
                function="tg_circular_buffer",
                params="tg_circular_buffer_params",
                arguments=(argument("input", source), argument("buffer", buffer)),
                parameters=at_run_time(kept=kept, row=source.bytes),
            ),
        )
    ]
