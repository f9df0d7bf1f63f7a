"""BROADCAST_ARGS of shapes that are computed: firmware/kernels/portable/broadcast_args.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.interface import Call, Candidate, Cost, Parameter, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.target import Target

KINDS = ("BROADCAST_ARGS",)

_CODE_BYTES = 90
_INSTRUCTIONS_A_DIMENSION = 25


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int32 and int64; shapes and output lie apart."""
    (op,) = region
    first, second, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    instructions = result.elements * _INSTRUCTIONS_A_DIMENSION
    return [
        Candidate(
            set="portable",
            name="broadcast_args",
            covers=(op.id,),
            operands=dense_activations((first, second, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES,
                reads=first.bytes + second.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/broadcast_args.h",
                function="tg_broadcast_args",
                params="tg_broadcast_args_params",
                arguments=(
                    argument("first", first),
                    argument("second", second),
                    argument("output", result),
                ),
                parameters=(
                    *at_run_time(size1=first.elements, size2=second.elements),
                    Parameter("wide", int(result.dtype is DType.INT64)),
                ),
            ),
            constants=(*stored("first", first), *stored("second", second)),
            proof="for shapes that broadcast; TFLM stops at others",
        )
    ]
