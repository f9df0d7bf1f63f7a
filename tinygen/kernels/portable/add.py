"""ADD: firmware/kernels/portable/add.h."""

from __future__ import annotations

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.broadcast import BinaryKernel
from tinygen.kernels.interface import Candidate, Parameter, Proposal, Refusal, Region
from tinygen.kernels.operands import at_run_time, dense_activations, is_int8, specialized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.add import AddAttributes
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("ADD",)

_LEFT_SHIFT = 20
_CODE_BYTES = 144
_INSTRUCTIONS_AN_ELEMENT = 28


def _parameters(larger: Tensor, smaller: Tensor, result: Tensor, activation: str) -> tuple[Parameter, ...]:
    """Source: CalculateOpDataAdd in tensorflow/lite/micro/kernels/add_common.cc."""
    assert larger.quant is not None
    assert smaller.quant is not None
    assert result.quant is not None
    twice_largest = 2 * larger.quant.scale
    multiplier2, shift2 = quantize_multiplier(smaller.quant.scale / twice_largest)
    multiplier, shift = quantize_multiplier(twice_largest / ((1 << _LEFT_SHIFT) * result.quant.scale))
    lowest, highest = activation_range(
        activation, result.quant.scale, result.quant.zero_point, result.dtype.numpy
    )
    # Equal scales give the factor one half, 2^30 and shift 0. tg_requantize_down needs a shift of at least
    # one to the right; shifting left by one more beforehand makes up for it, exactly.
    more = 1 if shift2 == 0 else 0
    fields = at_run_time(
        zero1=larger.quant.zero_point,
        zero2=smaller.quant.zero_point,
        multiplier2=multiplier2,
        shift2=shift2 - more,
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )
    # The range is all of int8 for most layers, which takes one instruction where it is known.
    return (
        *fields,
        *specialized(left2=_LEFT_SHIFT + more, any_scale=int(shift >= 0), lowest=lowest, highest=highest),
    )


def _candidate(op: Op, kernel: BinaryKernel, parameters: tuple[Parameter, ...]) -> Candidate:
    return Candidate(
        set="portable",
        name="add broadcast" if kernel.levels else "add",
        covers=(op.id,),
        operands=dense_activations((kernel.input1, kernel.input2, kernel.result)),
        cost=kernel.cost(_INSTRUCTIONS_AN_ELEMENT, _CODE_BYTES),
        call=kernel.call("add", parameters),
        overlaps=kernel.overlaps(),
        constants=kernel.constants(),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 and any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    operands = (graph.operand(op, 0), graph.operand(op, 1))
    result = graph.result(op)
    if not all(map(is_int8, (*operands, result))):
        dtypes = " and ".join(str(tensor.dtype) for tensor in operands)
        return Refusal("portable", "ADD takes and gives int8 tensors", f"{dtypes} to {result.dtype}")
    attributes = attributes_of(op, AddAttributes)
    smaller, larger = sorted(operands, key=lambda tensor: tensor.quant.scale if tensor.quant else 0.0)
    parameters = _parameters(larger, smaller, result, attributes.activation.name)
    return [_candidate(op, BinaryKernel(larger, smaller, result), parameters)]
