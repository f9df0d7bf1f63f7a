"""DIV: firmware/kernels/portable/div.h, and arithmetic.h for plain numbers."""

from __future__ import annotations

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Parameter, Proposal, Region
from tinygen.kernels.operands import at_run_time, is_int8, specialized
from tinygen.kernels.portable import arithmetic
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.div import DivAttributes, rescale_factor
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("DIV",)

_TEMPLATE = Template("div", "div", "tg_div_params", instructions=110, code_bytes=452)


def _parameters(
    graph: Graph, op: Op, input1: Tensor, input2: Tensor, result: Tensor
) -> tuple[Parameter, ...]:
    """Source: CalculateOpDataDiv in tensorflow/lite/micro/kernels/div.cc."""
    assert input1.quant is not None
    assert input2.quant is not None
    assert result.quant is not None
    multiplier, shift = quantize_multiplier(rescale_factor(graph, op))
    activation = attributes_of(op, DivAttributes).activation.name
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
    return (*fields, *specialized(lowest=lowest, highest=highest))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if all(map(is_int8, tensors)):
        return [BinaryKernel(*tensors).candidate(op, _TEMPLATE, _parameters(graph, op, *tensors))]
    candidate = arithmetic.plain(op, graph)
    if candidate is None:
        return refusal(op, tensors, "int8, int32 or float32 tensors")
    return [candidate]
