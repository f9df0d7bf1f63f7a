"""GATHER by indices that are computed: firmware/kernels/portable/gather.h."""

from __future__ import annotations

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.interface import Call, Candidate, Cost, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.ops.gather import GatherShape, gather_shape
from tinygen.target import Target

KINDS = ("GATHER",)

_CODE_BYTES = 150
_INSTRUCTIONS_AN_INDEX = 12


def rows(op: Op, source: Tensor, indices: Tensor, result: Tensor, shape: GatherShape) -> Candidate:
    """The candidate that copies the rows of `source` which `indices` name."""
    row = shape.inner * source.dtype.bytes
    copied = shape.batch * shape.outer * shape.count
    instructions = copied * (_INSTRUCTIONS_AN_INDEX + row // 4 * 4 + row % 4 * 5)
    constants = (*stored("input", source), *stored("indices", indices))
    return Candidate(
        set="portable",
        name="gather",
        covers=(op.id,),
        operands=dense_activations((source, indices, result)),
        cost=Cost(
            instructions=instructions,
            cycles=instructions * 5 // 4,
            flash=_CODE_BYTES + sum(item.bytes for item in (source, indices) if item.is_constant),
            reads=result.bytes + indices.bytes,
            writes=result.bytes,
        ),
        call=Call(
            header="portable/gather.h",
            function="tg_gather",
            params="tg_gather_params",
            arguments=(
                argument("input", source),
                argument("indices", indices),
                argument("output", result),
            ),
            parameters=at_run_time(
                batches=shape.batch, outer=shape.outer, size=shape.size, count=shape.count, row=row
            ),
        ),
        constants=constants,
        proof="for indices inside of the axis; TFLM leaves others undefined",
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any element type; input, indices and output lie apart."""
    (op,) = region
    source, indices, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    return [rows(op, source, indices, result, gather_shape(graph, op))]
