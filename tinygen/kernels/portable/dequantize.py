"""DEQUANTIZE: firmware/kernels/portable/dequantize.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.operands import is_int8
from tinygen.target import Target

KINDS = ("DEQUANTIZE",)

_TO_FLOAT = UnaryKernel(
    set="portable",
    name="dequantize",
    header="portable/dequantize.h",
    function="tg_dequantize_s8_f32",
    params="tg_dequantize_params",
    instructions=8,
    code_bytes=54,
    reverse=True,
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, from int8 to float32, from the last element to the first; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if not is_int8(source) or result.dtype is not DType.FLOAT32:
        return Refusal("portable", "DEQUANTIZE makes float32 of int8", f"{source.dtype} to {result.dtype}")
    assert source.quant is not None
    values = {"zero": source.quant.zero_point, "scale": source.quant.scale}
    return [_TO_FLOAT.candidate(op, source, result, values)]
