"""L2_NORMALIZATION: firmware/kernels/portable/l2_normalization.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import is_int8
from tinygen.target import Target

KINDS = ("L2_NORMALIZATION",)

_INT8 = UnaryKernel(
    set="portable",
    name="l2_normalization",
    header="portable/l2_normalization.h",
    function="tg_l2_normalization_s8",
    params="tg_l2_normalization_params",
    instructions=28,
    rows=True,
    row_instructions=200,
    passes=2,
    code_bytes=480,
)
_REAL = UnaryKernel(
    set="portable",
    name="l2_normalization f32",
    header="portable/l2_normalization.h",
    function="tg_l2_normalization_f32",
    params="tg_l2_normalization_params",
    instructions=11,
    rows=True,
    row_instructions=40,
    passes=2,
    code_bytes=140,
)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 or float32; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if source.dtype is result.dtype is DType.FLOAT32:
        return [_REAL.candidate(op, source, result, {"input_zero": 0})]
    if is_int8(source) and is_int8(result):
        return [_INT8.candidate(op, source, result, {"input_zero": affine(source).zero_point})]
    return Refusal("portable", "L2_NORMALIZATION has no kernel", f"{source.dtype} to {result.dtype}")
