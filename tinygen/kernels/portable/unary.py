"""Mathematical functions of one input: firmware/kernels/portable/unary.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.elementwise import UnaryKernel, libm_bound
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


def _kernel(
    name: str, instructions: int, code_bytes: int, params: str = "tg_unary_params", *, ulps: int = 0
) -> UnaryKernel:
    return UnaryKernel(
        set="portable",
        name=name.replace("_", " ").removesuffix(" s8"),
        header="portable/unary.h",
        function=f"tg_{name}",
        params=params,
        instructions=instructions,
        code_bytes=code_bytes,
        proof=libm_bound(ulps) if ulps else "",
    )


_ABS_INT16 = _kernel("abs_s16", 17, 92, "tg_unary_s16_params")
_LOGICAL_NOT = _kernel("logical_not_b", 6, 24)
_REAL = {
    "ABS": _kernel("abs_f32", 5, 28),
    "CEIL": _kernel("ceil_f32", 25, 180),
    "COS": _kernel("cos_f32", 53, 2600, ulps=2),
    "EXP": _kernel("exp_f32", 66, 620, ulps=2),
    "FLOOR": _kernel("floor_f32", 25, 180),
    "LOG": _kernel("log_f32", 60, 620, ulps=2),
    "NEG": _kernel("neg_f32", 5, 28),
    "ROUND": _kernel("round_f32", 33, 260),
    "RSQRT": _kernel("rsqrt_f32", 18, 92),
    "SIN": _kernel("sin_f32", 50, 2600, ulps=2),
    "SQRT": _kernel("sqrt_f32", 17, 84),
    "SQUARE": _kernel("square_f32", 5, 28),
}
"""On float32; the bytes of code are those of libm too."""


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
