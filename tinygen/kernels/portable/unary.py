"""Mathematical functions of one input: firmware/kernels/portable/unary.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Candidate, Proposal, Refusal, Region
from tinygen.kernels.lookup import affine, lookup
from tinygen.kernels.operands import is_quantized
from tinygen.numerics import tables
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.target import Target

KINDS = (
    "ABS",
    "CEIL",
    "COS",
    "EXP",
    "FLOOR",
    "LOG",
    "LOGICAL_NOT",
    "NEG",
    "ROUND",
    "RSQRT",
    "SIN",
    "SQRT",
    "SQUARE",
)


def _kernel(name: str, instructions: int, code_bytes: int, params: str = "tg_unary_params") -> UnaryKernel:
    return UnaryKernel(
        set="portable",
        name=name.replace("_", " ").removesuffix(" s8"),
        header="portable/unary.h",
        function=f"tg_{name}",
        params=params,
        instructions=instructions,
        code_bytes=code_bytes,
    )


_ABS_INT16 = _kernel("abs_s16", 24, 120, "tg_unary_s16_params")
_LOGICAL_NOT = _kernel("logical_not_b", 7, 30)
"""(instructions for an element, bytes of code) of kernels on float32, libm included."""
_REAL = {
    kind: _kernel(f"{kind.lower()}_f32", instructions, code_bytes)
    for kind, instructions, code_bytes in (
        ("ABS", 6, 34),
        ("NEG", 6, 34),
        ("SQUARE", 6, 36),
        ("SQRT", 25, 60),
        ("RSQRT", 30, 80),
        ("EXP", 90, 500),
        ("LOG", 90, 500),
        ("SIN", 100, 2600),
        ("COS", 100, 2600),
        ("FLOOR", 30, 200),
        ("CEIL", 30, 200),
        ("ROUND", 80, 260),
    )
}


def _quantized(op: Op, source: Tensor, result: Tensor) -> Candidate | None:
    """The candidate for integers, or None where there is none."""
    if is_quantized(source, DType.INT8) and is_quantized(result, DType.INT8):
        make = {"ABS": tables.abs_s8, "RSQRT": tables.rsqrt_s8}.get(op.kind)
        return make and lookup(op, source, result, lambda: make(affine(source), affine(result)))
    if op.kind == "ABS" and is_quantized(source, DType.INT16) and is_quantized(result, DType.INT16):
        multiplier, shift = quantize_multiplier(affine(source).scale / affine(result).scale)
        return _ABS_INT16.candidate(op, source, result, {"multiplier": multiplier, "shift": shift})
    return None


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: float32, bool for LOGICAL_NOT, int8 for ABS and RSQRT, int16 for ABS; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if source.dtype is result.dtype is DType.FLOAT32 and op.kind in _REAL:
        return [_REAL[op.kind].candidate(op, source, result)]
    if source.dtype is result.dtype is DType.BOOL and op.kind == "LOGICAL_NOT":
        return [_LOGICAL_NOT.candidate(op, source, result)]
    candidate = _quantized(op, source, result)
    if candidate is None:
        return Refusal("portable", f"{op.kind} has no kernel", f"{source.dtype} to {result.dtype}")
    return [candidate]
