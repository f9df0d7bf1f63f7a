"""ADD and SUB: firmware/kernels/portable/add.h, and arithmetic.h for plain numbers."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Candidate, Parameter, Proposal, Region
from tinygen.kernels.operands import at_run_time, is_quantized, specialized
from tinygen.kernels.portable import arithmetic
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.add import AddAttributes, left_shift, rescale_factors
from tinygen.ops.operator import attributes_of
from tinygen.ops.sub import SubAttributes
from tinygen.target import Target

KINDS = ("ADD", "SUB")

_TEMPLATE = Template("add", "add", "tg_add_params", instructions=22, code_bytes=128)
_OF_ONE_SCALE = replace(_TEMPLATE, instructions=16, code_bytes=96)


def _parameters(graph: Graph, op: Op, order: tuple[int, int], activation: str) -> tuple[Parameter, ...]:
    """The parameters where `order` are the inputs' positions, that of the larger scale first."""
    result = graph.result(op)
    larger, smaller = (graph.operand(op, position).quant for position in order)
    assert larger is not None
    assert smaller is not None
    assert result.quant is not None
    factors = rescale_factors(graph, op)
    multiplier2, shift2 = quantize_multiplier(factors[order[1]])
    multiplier, shift = quantize_multiplier(factors[2])
    lowest, highest = activation_range(
        activation, result.quant.scale, result.quant.zero_point, result.dtype.numpy
    )
    signs = (1, -1 if op.kind == "SUB" else 1)
    fields = at_run_time(
        zero1=larger.zero_point,
        zero2=smaller.zero_point,
        multiplier2=multiplier2,
        # Equal scales need none, and the factor 0 any.
        shift2=min(shift2, -1),
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )
    # The range is all of int8 for most layers, which takes one instruction where it is known.
    return (
        *fields,
        *specialized(
            left=left_shift(result.dtype),
            sign1=signs[order[0]],
            sign2=signs[order[1]],
            # Only equal scales have the factor one half.
            same_scale=int((multiplier2, shift2) == (1 << 30, 0)),
            any_scale=int(shift >= 0),
            lowest=lowest,
            highest=highest,
        ),
    )


def _quantized(op: Op, graph: Graph, inputs: tuple[Tensor, Tensor]) -> Candidate:
    expected: type[AddAttributes] | type[SubAttributes] = SubAttributes if op.kind == "SUB" else AddAttributes
    activation = attributes_of(op, expected).activation.name
    scales = [tensor.quant.scale if tensor.quant else 0.0 for tensor in inputs]
    order = (0, 1) if scales[0] > scales[1] else (1, 0)
    kernel = BinaryKernel(inputs[order[0]], inputs[order[1]], graph.result(op))
    template = _OF_ONE_SCALE if scales[0] == scales[1] else _TEMPLATE
    return kernel.candidate(op, template, _parameters(graph, op, order, activation))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    inputs, result = (graph.operand(op, 0), graph.operand(op, 1)), graph.result(op)
    for dtype in (DType.INT8, DType.INT16):
        if all(is_quantized(tensor, dtype) for tensor in (*inputs, result)):
            return [_quantized(op, graph, inputs)]
    candidate = arithmetic.plain(op, graph)
    if candidate is None:
        return refusal(op, (*inputs, result), "int8, int16, int32 or float32 tensors")
    return [candidate]
