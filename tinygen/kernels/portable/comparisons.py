"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL: firmware/kernels/portable/comparisons.h."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinygen.ir import DType, Graph, Tensor
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Parameter, Proposal, Region
from tinygen.kernels.operands import at_run_time, specialized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.comparisons import DTYPES
from tinygen.target import Target


@dataclass(frozen=True)
class _Relation:
    """Results where the first element is less than the second, equal to it, or neither.

    Attributes:
        swapped: of the operands the other way round.
    """

    less: int
    equal: int
    otherwise: int
    swapped: bool = False


_RELATIONS: Mapping[str, _Relation] = MappingProxyType(
    {
        "EQUAL": _Relation(0, 1, 0),
        "NOT_EQUAL": _Relation(1, 0, 1),
        "LESS": _Relation(1, 0, 0),
        "LESS_EQUAL": _Relation(1, 1, 0),
        "GREATER": _Relation(1, 0, 0, swapped=True),
        "GREATER_EQUAL": _Relation(1, 1, 0, swapped=True),
    }
)

KINDS = tuple(_RELATIONS)

_PLAIN = Template("comparisons", "comparison", "tg_comparison_params", instructions=11, code_bytes=58)
_INT8 = Template("comparisons", "comparison", "tg_comparison_s8_params", instructions=45, code_bytes=236)


def _scaling(input1: Tensor, input2: Tensor) -> tuple[Parameter, ...]:
    """Source: ComparisonsPrepare in tensorflow/lite/micro/kernels/comparisons.cc."""
    assert input1.quant is not None
    assert input2.quant is not None
    multiplier1, shift1 = quantize_multiplier(input1.quant.scale)
    multiplier2, shift2 = quantize_multiplier(input2.quant.scale)
    return at_run_time(
        zero1=input1.quant.zero_point,
        multiplier1=multiplier1,
        shift1=shift1,
        zero2=input2.quant.zero_point,
        multiplier2=multiplier2,
        shift2=shift2,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    inputs, result = (graph.operand(op, 0), graph.operand(op, 1)), graph.result(op)
    supported = DTYPES[op.kind]
    same = inputs[0].dtype is inputs[1].dtype and result.dtype is DType.BOOL
    if not same or inputs[0].dtype not in supported:
        names = ", ".join(map(str, supported))
        return refusal(op, (*inputs, result), f"two tensors of one dtype out of {names}, and bool")
    relation = _RELATIONS[op.kind]
    input1, input2 = reversed(inputs) if relation.swapped else inputs
    flags = specialized(less=relation.less, equal=relation.equal, otherwise=relation.otherwise)
    kernel = BinaryKernel(input1, input2, result)
    if input1.dtype is DType.INT8:
        return [kernel.candidate(op, _INT8, (*flags, *_scaling(input1, input2)))]
    return [kernel.candidate(op, _PLAIN, flags)]
