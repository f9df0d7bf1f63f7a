"""ASSIGN: firmware/kernels/portable/assign.h."""

from __future__ import annotations

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.interface import Call, Candidate, Cost, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.target import Target

KINDS = ("ASSIGN",)

_CODE_BYTES = 24
_CALL_INSTRUCTIONS = 30


def copy(op: Op, source: Tensor, result: Tensor, name: str) -> Candidate:
    """The candidate that copies the bytes of `source` to `result`, which is as large."""
    instructions = _CALL_INSTRUCTIONS + source.bytes // 4 * 3
    return Candidate(
        set="portable",
        name=name,
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
            header="portable/assign.h",
            function="tg_assign",
            params="tg_assign_params",
            arguments=(argument("input", source), argument("output", result)),
            parameters=at_run_time(bytes=source.bytes),
        ),
        constants=stored("input", source),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: the value, an activation or a constant, is copied into the variable."""
    (op,) = region
    (variable,) = op.updates
    return [copy(op, graph.operand(op, 0), graph.tensors[variable], "assign")]
