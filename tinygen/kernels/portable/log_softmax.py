"""LOG_SOFTMAX: firmware/kernels/portable/log_softmax.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.kernels.elementwise import Fields, UnaryKernel, libm_bound
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import is_int8
from tinygen.numerics.fixed_functions import exponential_scaling
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.target import Target

KINDS = ("LOG_SOFTMAX",)

_INT8 = UnaryKernel(
    set="portable",
    name="log_softmax",
    header="portable/log_softmax.h",
    function="tg_log_softmax_s8",
    params="tg_log_softmax_params",
    instructions=180,
    rows=True,
    row_instructions=330,
    passes=3,
    code_bytes=1000,
)
_REAL = UnaryKernel(
    set="portable",
    name="log_softmax f32",
    header="portable/log_softmax.h",
    function="tg_log_softmax_f32",
    params="tg_log_softmax_f32_params",
    instructions=88,
    rows=True,
    row_instructions=90,
    passes=3,
    code_bytes=1200,
    proof=libm_bound(4),
)


def _scaling(scale: float) -> Fields:
    """Source: PreprocessLogSoftmaxScalingExp in tensorflow/lite/kernels/internal/quantization_util.cc."""
    multiplier, shift, least_difference = exponential_scaling(1.0, scale)
    back_multiplier, back_shift = quantize_multiplier((1 << (31 - shift)) / multiplier)
    return {
        "multiplier": multiplier,
        "shift": shift,
        "back_multiplier": back_multiplier,
        "back_shift": back_shift,
        "least_difference": least_difference,
    }


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 or float32; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if source.dtype is result.dtype is DType.FLOAT32:
        return [_REAL.candidate(op, source, result)]
    if is_int8(source) and is_int8(result):
        return [_INT8.candidate(op, source, result, _scaling(affine(source).scale))]
    return Refusal("portable", "LOG_SOFTMAX has no kernel", f"{source.dtype} to {result.dtype}")
