"""SQUARED_DIFFERENCE: firmware/kernels/portable/squared_difference.h, and arithmetic.h for plain numbers."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Parameter, Proposal, Region
from tinygen.kernels.operands import at_run_time, is_quantized, specialized
from tinygen.kernels.portable import arithmetic
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.squared_difference import left_shift, rescale_factors
from tinygen.target import Target

KINDS = ("SQUARED_DIFFERENCE",)

_TEMPLATE = Template(
    "squared_difference", "squared_difference", "tg_squared_difference_params", 50, code_bytes=342
)


def _parameters(graph: Graph, op: Op) -> tuple[Parameter, ...]:
    """Source: PrepareQuantized in tensorflow/lite/micro/kernels/squared_difference.cc."""
    first, second, output = rescale_factors(graph, op)
    quants = [tensor.quant for tensor in (graph.operand(op, 0), graph.operand(op, 1), graph.result(op))]
    zero1, zero2, zero = (quant.zero_point if quant else 0 for quant in quants)
    multiplier1, shift1 = quantize_multiplier(first)
    multiplier2, shift2 = quantize_multiplier(second)
    multiplier, shift = quantize_multiplier(output)
    fields = at_run_time(
        zero1=zero1,
        multiplier1=multiplier1,
        shift1=shift1,
        zero2=zero2,
        multiplier2=multiplier2,
        shift2=shift2,
        multiplier=multiplier,
        shift=shift,
        zero=zero,
    )
    return (*fields, *specialized(left=left_shift(graph.result(op).dtype)))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    for dtype in (DType.INT8, DType.INT16):
        if all(is_quantized(tensor, dtype) for tensor in tensors):
            return [BinaryKernel(*tensors).candidate(op, _TEMPLATE, _parameters(graph, op))]
    candidate = arithmetic.plain(op, graph)
    if candidate is None:
        return refusal(op, tensors, "int8, int16, int32 or float32 tensors")
    return [candidate]
