"""QUANTIZE: firmware/kernels/portable/quantize.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.operands import is_int8
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.target import Target

KINDS = ("QUANTIZE",)

_FROM_FLOAT = UnaryKernel(
    set="portable",
    name="quantize f32",
    header="portable/quantize.h",
    function="tg_quantize_f32_s8",
    params="tg_quantize_params",
    instructions=30,
    code_bytes=172,
)
_FROM_INT8 = UnaryKernel(
    set="portable",
    name="quantize s8",
    header="portable/quantize.h",
    function="tg_quantize_s8_s8",
    params="tg_quantize_s8_params",
    instructions=26,
    code_bytes=150,
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, from float32 or int8 to int8; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if not is_int8(result) or not (source.dtype is DType.FLOAT32 or is_int8(source)):
        return Refusal(
            "portable", "QUANTIZE makes int8 of float32 or int8", f"{source.dtype} to {result.dtype}"
        )
    assert result.quant is not None
    if source.dtype is DType.FLOAT32:
        values = {"zero": result.quant.zero_point, "scale": result.quant.scale}
        return [_FROM_FLOAT.candidate(op, source, result, values)]
    assert source.quant is not None
    multiplier, shift = quantize_multiplier(source.quant.scale / result.quant.scale)
    values = {
        "input_zero": source.quant.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero": result.quant.zero_point,
    }
    return [_FROM_INT8.candidate(op, source, result, values)]
