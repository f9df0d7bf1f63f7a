"""CAST: firmware/kernels/portable/cast.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.target import Target

KINDS = ("CAST",)

_TYPES = {
    DType.INT8: 0,
    DType.UINT8: 1,
    DType.BOOL: 1,
    DType.INT16: 2,
    DType.INT32: 3,
    DType.UINT32: 4,
    DType.FLOAT32: 5,
}
"""TG_CAST_… of each dtype; a bool is a byte of 0 or 1."""


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, in place: to longer elements from the last to the first."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    known = source.dtype in _TYPES and result.dtype in _TYPES and result.dtype is not DType.BOOL
    if not known or source.is_constant:
        rule = "CAST is of activations, between integers of up to 32 bits and float32"
        return Refusal("portable", rule, f"{source.dtype} to {result.dtype}")
    longer = result.dtype.bytes > source.dtype.bytes
    from_float = source.dtype is DType.FLOAT32
    kernel = UnaryKernel(
        set="portable",
        name=f"cast {source.dtype} {result.dtype}",
        header="portable/cast.h",
        function="tg_cast",
        params="tg_cast_params",
        instructions=19 if from_float else 6 if result.dtype is DType.FLOAT32 else 4,
        code_bytes=110 if from_float else 40,
        reverse=longer,
        proof="for values that the dtype holds; C leaves others undefined" if from_float else "",
    )
    fixed = {"from": _TYPES[source.dtype], "to": _TYPES[result.dtype], "reverse": int(longer)}
    return [kernel.candidate(op, source, result, fixed=fixed)]
