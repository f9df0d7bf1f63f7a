"""MUL: firmware/kernels/portable/mul.h, and arithmetic.h for plain numbers."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Tensor
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Parameter, Proposal, Region
from tinygen.kernels.operands import at_run_time, is_quantized, specialized
from tinygen.kernels.portable import arithmetic
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.mul import MulAttributes
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("MUL",)

_TEMPLATE = Template("mul", "mul", "tg_mul_params", instructions=17, code_bytes=110)


def _parameters(input1: Tensor, input2: Tensor, result: Tensor, activation: str) -> tuple[Parameter, ...]:
    """Source: CalculateOpDataMul in tensorflow/lite/micro/kernels/mul_common.cc."""
    assert input1.quant is not None
    assert input2.quant is not None
    assert result.quant is not None
    multiplier, shift = quantize_multiplier(input1.quant.scale * input2.quant.scale / result.quant.scale)
    lowest, highest = activation_range(
        activation, result.quant.scale, result.quant.zero_point, result.dtype.numpy
    )
    fields = at_run_time(
        zero1=input1.quant.zero_point,
        zero2=input2.quant.zero_point,
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )
    any_scale = shift >= 0 or result.dtype is DType.INT16
    # The range is all of the dtype for most layers, which takes one instruction where it is known.
    return (*fields, *specialized(any_scale=int(any_scale), lowest=lowest, highest=highest))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    for dtype in (DType.INT8, DType.INT16):
        if all(is_quantized(tensor, dtype) for tensor in tensors):
            parameters = _parameters(*tensors, attributes_of(op, MulAttributes).activation.name)
            return [BinaryKernel(*tensors).candidate(op, _TEMPLATE, parameters)]
    candidate = arithmetic.plain(op, graph)
    if candidate is None:
        return refusal(op, tensors, "int8, int16, int32 or float32 tensors")
    return [candidate]
