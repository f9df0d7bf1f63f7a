"""QUANTIZE: firmware/kernels/portable/quantize.h."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import is_quantized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.quantize import PAIRS
from tinygen.target import Target

KINDS = ("QUANTIZE",)

_SUFFIXES = {DType.INT8: "s8", DType.UINT8: "u8", DType.INT16: "s16", DType.INT32: "s32"}
_ELEMENT_TYPES = {DType.INT8: 0, DType.UINT8: 1, DType.INT16: 2, DType.INT32: 3}
"""TG_S8 … in firmware/kernels/elements.h."""

_FROM_FLOAT = {
    dtype: UnaryKernel(
        set="portable",
        name=f"quantize f32 {_SUFFIXES[dtype]}",
        header="portable/quantize.h",
        function=f"tg_quantize_f32_{_SUFFIXES[dtype]}",
        params="tg_quantize_params",
        instructions=30,
        code_bytes=172,
    )
    for dtype in (DType.INT8, DType.INT16)
}
_FROM_INTEGER = UnaryKernel(
    set="portable",
    name="rescale",
    header="portable/quantize.h",
    function="tg_rescale",
    params="tg_rescale_params",
    instructions=26,
    code_bytes=150,
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for the dtypes of the operator; in place, from the last element where they widen."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    known = source.dtype is DType.FLOAT32 or is_quantized(source, source.dtype)
    if (source.dtype, result.dtype) not in PAIRS or not (known and is_quantized(result, result.dtype)):
        return Refusal("portable", "QUANTIZE has no kernel", f"{source.dtype} to {result.dtype}")
    wanted = affine(result)
    if source.dtype is DType.FLOAT32:
        values = {"zero": wanted.zero_point, "scale": wanted.scale}
        return [_FROM_FLOAT[result.dtype].candidate(op, source, result, values)]
    given = affine(source)
    multiplier, shift = quantize_multiplier(given.scale / wanted.scale)
    widens = result.dtype.bytes > source.dtype.bytes
    name = f"rescale {_SUFFIXES[source.dtype]} {_SUFFIXES[result.dtype]}"
    candidate = replace(_FROM_INTEGER, name=name, reverse=widens).candidate(
        op,
        source,
        result,
        {
            "input_zero": given.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "output_zero": wanted.zero_point,
        },
        fixed={
            "from": _ELEMENT_TYPES[source.dtype],
            "to": _ELEMENT_TYPES[result.dtype],
            "backwards": int(widens),
        },
    )
    return [candidate]
