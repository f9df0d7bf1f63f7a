"""ADD_N: firmware/kernels/portable/add_n.h."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.broadcast import overlaps, refusal
from tinygen.kernels.interface import Call, Candidate, Cost, Parameter, Proposal, Region
from tinygen.kernels.operands import (
    argument,
    at_run_time,
    dense_activations,
    is_int8,
    specialized,
    stored,
    suffix,
)
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.add_n import MOST_INPUTS, rescale_factor
from tinygen.target import Target

KINDS = ("ADD_N",)

_CODE_BYTES = 170
_INSTRUCTIONS_AN_INPUT = 4
_INSTRUCTIONS_AN_ELEMENT = 17


def _scaling(graph: Graph, op: Op, inputs: Sequence[Tensor], result: Tensor) -> tuple[Parameter, ...]:
    """Source: CalculateOpData in tensorflow/lite/micro/kernels/add_n.cc."""
    assert inputs[0].quant is not None
    assert result.quant is not None
    multiplier, shift = quantize_multiplier(rescale_factor(graph, op))
    return at_run_time(
        zero_sum=inputs[0].quant.zero_point * (len(inputs) + 1),
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )


def _candidate(op: Op, inputs: Sequence[Tensor], result: Tensor, scaling: tuple[Parameter, ...]) -> Candidate:
    count = len(inputs)
    given = [(f"input{number}", tensor) for number, tensor in enumerate(inputs)]
    # The template takes a fixed number of pointers; those that it does not read repeat the first one.
    unread = [(f"input{number}", inputs[0]) for number in range(count, MOST_INPUTS)]
    instructions = result.elements * (_INSTRUCTIONS_AN_ELEMENT + count * _INSTRUCTIONS_AN_INPUT)
    return Candidate(
        set="portable",
        name="add_n" if result.dtype is DType.INT8 else "add_n f32",
        covers=(op.id,),
        operands=dense_activations((*inputs, result)),
        cost=Cost(
            instructions=instructions,
            cycles=instructions * 5 // 4,
            flash=_CODE_BYTES + sum(tensor.bytes for tensor in inputs if tensor.is_constant),
            reads=sum(tensor.bytes for tensor in inputs if not tensor.is_constant),
            writes=result.bytes,
        ),
        call=Call(
            header="portable/add_n.h",
            function=f"tg_add_n_{suffix(result.dtype)}",
            params="tg_add_n_params" if scaling else "tg_add_n_f32_params",
            arguments=(
                *[argument(name, tensor) for name, tensor in (*given, *unread)],
                argument("output", result),
            ),
            parameters=(*at_run_time(size=result.elements), *specialized(inputs=count), *scaling),
        ),
        overlaps=overlaps(inputs, result),
        constants=tuple(item for name, tensor in (*given, *unread) for item in stored(name, tensor)),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for up to 8 inputs of one shape; over any of them."""
    (op,) = region
    inputs = [graph.operand(op, position) for position in range(len(op.inputs))]
    result = graph.result(op)
    tensors = (*inputs, result)
    plain = all(tensor.dtype is DType.FLOAT32 for tensor in tensors)
    if len(inputs) > MOST_INPUTS or not (plain or all(map(is_int8, tensors))):
        return refusal(op, tensors, f"up to {MOST_INPUTS} int8 or float32 tensors")
    scaling = () if plain else _scaling(graph, op, inputs, result)
    return [_candidate(op, inputs, result, scaling)]
