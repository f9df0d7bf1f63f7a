"""EMBEDDING_LOOKUP: firmware/kernels/portable/embedding_lookup.h, or a gather where dtypes are the same."""

from __future__ import annotations

from tinygen.ir import Graph
from tinygen.kernels.interface import Call, Candidate, Cost, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.kernels.portable.gather import rows
from tinygen.ops.gather import GatherShape
from tinygen.ops.movement import scale_and_zero_point
from tinygen.target import Target

KINDS = ("EMBEDDING_LOOKUP",)

_CODE_BYTES = 90
_INSTRUCTIONS_AN_ELEMENT = 8


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate; indices, table and output lie apart."""
    (op,) = region
    indices, table, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    count, columns = indices.elements, table.elements // table.shape[0]
    if table.dtype is result.dtype:
        return [rows(op, table, indices, result, GatherShape(1, 1, table.shape[0], columns, count))]
    instructions = result.elements * _INSTRUCTIONS_AN_ELEMENT
    fields = {"rows": table.shape[0], "count": count, "columns": columns}
    return [
        Candidate(
            set="portable",
            name="embedding_lookup s8 f32",
            covers=(op.id,),
            operands=dense_activations((indices, table, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES + (table.bytes if table.is_constant else 0),
                reads=result.elements + indices.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/embedding_lookup.h",
                function="tg_embedding_lookup_s8_f32",
                params="tg_embedding_lookup_params",
                arguments=(
                    argument("indices", indices),
                    argument("table", table),
                    argument("output", result),
                ),
                parameters=at_run_time(**fields, scale=scale_and_zero_point(table)[0]),
            ),
            constants=(*stored("indices", indices), *stored("table", table)),
            proof="for indices inside of the table; TFLM fails on others",
        )
    ]
