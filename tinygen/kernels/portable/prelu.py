"""PRELU: firmware/kernels/portable/prelu.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Tensor
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Parameter, Proposal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import at_run_time, is_quantized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.target import Target

KINDS = ("PRELU",)

_QUANTIZED = Template("prelu", "prelu", "tg_prelu_params", instructions=27, code_bytes=200)
_REAL = Template("prelu", "prelu", "tg_prelu_f32_params", instructions=10, code_bytes=70)


def _parameters(source: Tensor, alpha: Tensor, result: Tensor) -> tuple[Parameter, ...]:
    """Source: CalculatePreluParams in tensorflow/lite/micro/kernels/prelu_common.cc."""
    given, slopes, wanted = affine(source), affine(alpha), affine(result)
    multiplier_above, shift_above = quantize_multiplier(given.scale / wanted.scale)
    multiplier_below, shift_below = quantize_multiplier(given.scale * slopes.scale / wanted.scale)
    return at_run_time(
        input_zero=given.zero_point,
        alpha_zero=slopes.zero_point,
        multiplier_above=multiplier_above,
        shift_above=shift_above,
        multiplier_below=multiplier_below,
        shift_below=shift_below,
        output_zero=wanted.zero_point,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8, int16 with int8 slopes, or float32; over the input."""
    (op,) = region
    source, alpha, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if all(tensor.dtype is DType.FLOAT32 for tensor in (source, alpha, result)):
        return [BinaryKernel(source, alpha, result).candidate(op, _REAL, ())]
    for dtype in (DType.INT8, DType.INT16):
        if is_quantized(source, dtype) and is_quantized(alpha, DType.INT8) and is_quantized(result, dtype):
            parameters = _parameters(source, alpha, result)
            return [BinaryKernel(source, alpha, result).candidate(op, _QUANTIZED, parameters)]
    return refusal(op, (source, alpha, result), "int8, int16 or float32 tensors, with int8 or float32 slopes")
