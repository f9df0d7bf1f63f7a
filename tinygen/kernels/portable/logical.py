"""LOGICAL_AND and LOGICAL_OR: firmware/kernels/portable/logical.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Proposal, Region
from tinygen.kernels.operands import specialized
from tinygen.target import Target

KINDS = ("LOGICAL_AND", "LOGICAL_OR")

_TEMPLATE = Template("logical", "logical", "tg_logical_params", instructions=6, code_bytes=46)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if any(tensor.dtype is not DType.BOOL for tensor in tensors):
        return refusal(op, tensors, "bool tensors")
    parameters = specialized(either=int(op.kind == "LOGICAL_OR"))
    return [BinaryKernel(*tensors).candidate(op, _TEMPLATE, parameters)]
