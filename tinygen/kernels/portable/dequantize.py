"""DEQUANTIZE: firmware/kernels/portable/dequantize.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import is_quantized
from tinygen.target import Target

KINDS = ("DEQUANTIZE",)

_TO_FLOAT = {
    dtype: UnaryKernel(
        set="portable",
        name=f"dequantize {suffix}",
        header="portable/dequantize.h",
        function=f"tg_dequantize_{suffix}_f32",
        params="tg_dequantize_params",
        instructions=8,
        code_bytes=54,
        reverse=True,
    )
    for dtype, suffix in ((DType.INT8, "s8"), (DType.UINT8, "u8"), (DType.INT16, "s16"))
}


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, from int8, uint8 or int16 to float32, from the last element to the first; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    kernel = _TO_FLOAT.get(source.dtype)
    if kernel is None or not is_quantized(source, source.dtype) or result.dtype is not DType.FLOAT32:
        return Refusal("portable", "DEQUANTIZE has no kernel", f"{source.dtype} to {result.dtype}")
    given = affine(source)
    values = {"zero": given.zero_point, "scale": given.scale}
    return [kernel.candidate(op, source, result, values)]
