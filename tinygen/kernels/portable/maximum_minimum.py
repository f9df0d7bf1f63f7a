"""MAXIMUM and MINIMUM: firmware/kernels/portable/maximum_minimum.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Proposal, Region
from tinygen.kernels.operands import specialized
from tinygen.target import Target

KINDS = ("MAXIMUM", "MINIMUM")

_DTYPES = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
_TEMPLATE = Template(
    "maximum_minimum", "maximum_minimum", "tg_maximum_minimum_params", instructions=8, code_bytes=50
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    dtypes = {tensor.dtype for tensor in tensors}
    if len(dtypes) > 1 or tensors[2].dtype not in _DTYPES:
        return refusal(op, tensors, "int8, int16, int32, int64 or float32 tensors")
    parameters = specialized(maximum=int(op.kind == "MAXIMUM"))
    return [BinaryKernel(*tensors).candidate(op, _TEMPLATE, parameters)]
