"""MUL: firmware/kernels/portable/mul.h."""

from __future__ import annotations

from tinygen.ir import Graph, Tensor
from tinygen.kernels.broadcast import BinaryKernel
from tinygen.kernels.interface import Candidate, Parameter, Proposal, Refusal, Region
from tinygen.kernels.operands import at_run_time, dense_activations, is_int8, specialized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.mul import MulAttributes
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("MUL",)

_CODE_BYTES = 112
_INSTRUCTIONS_AN_ELEMENT = 21


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
    # The range is all of int8 for most layers, which takes one instruction where it is known.
    return (*fields, *specialized(any_scale=int(shift >= 0), lowest=lowest, highest=highest))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 and any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    input1, input2, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if not all(map(is_int8, (input1, input2, result))):
        found = f"{input1.dtype} and {input2.dtype} to {result.dtype}"
        return Refusal("portable", "MUL takes and gives int8 tensors", found)
    attributes = attributes_of(op, MulAttributes)
    kernel = BinaryKernel(input1, input2, result)
    parameters = _parameters(input1, input2, result, attributes.activation.name)
    return [
        Candidate(
            set="portable",
            name="mul broadcast" if kernel.levels else "mul",
            covers=(op.id,),
            operands=dense_activations((input1, input2, result)),
            cost=kernel.cost(_INSTRUCTIONS_AN_ELEMENT, _CODE_BYTES),
            call=kernel.call("mul", parameters),
            overlaps=kernel.overlaps(),
            constants=kernel.constants(),
        )
    ]
