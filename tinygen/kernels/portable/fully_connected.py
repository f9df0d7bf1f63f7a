"""FULLY_CONNECTED: firmware/kernels/portable/fully_connected.h."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Operand,
    Overlap,
    Parameter,
    PitchOf,
    Proposal,
    Refusal,
    Region,
    TensorPointer,
)
from tinygen.kernels.intervals import apart
from tinygen.kernels.linear import BLOCK, LinearOp, UnsuitableError, interleave, read_linear
from tinygen.kernels.operands import at_run_time, dense
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.target import Target

KINDS = ("FULLY_CONNECTED",)

_CODE_BYTES = 720


def _read(op: Op, graph: Graph) -> LinearOp:
    attributes = op.attributes
    assert isinstance(attributes, FullyConnectedAttributes)
    linear = read_linear(op, graph, attributes.activation, channel_axis=0, broadcast_scale=False)
    units, depth = linear.weights.shape
    if depth == 0 or linear.input.elements % depth:
        raise UnsuitableError(
            "The input of FULLY_CONNECTED divides into rows", f"{linear.input.shape} in rows of {depth}"
        )
    rows = linear.input.elements // depth
    if linear.output.elements != rows * units or linear.output.shape[-1:] != (units,):
        raise UnsuitableError("The output of FULLY_CONNECTED is [rows, units]", f"{linear.output.shape}")
    return linear


def _cost(linear: LinearOp) -> Cost:
    units, depth = linear.weights.shape
    rows = linear.input.elements // depth
    rest = units % BLOCK
    instructions = rows * ((units - rest) * (depth * 5 // 2 + 26) + rest * (depth * 5 + 26) + 30)
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=linear.constant_bytes + _CODE_BYTES,
        reads=rows * depth * (units // BLOCK + rest),
        writes=linear.output.elements,
    )


def _parameters(linear: LinearOp) -> tuple[Parameter, ...]:
    units, depth = linear.weights.shape
    return (
        *at_run_time(
            rows=linear.input.elements // depth,
            depth=depth,
            units=units,
            output_pitch=PitchOf(linear.output.id),
        ),
        Parameter("per_channel", int(len(linear.scaling) > 1)),
        *linear.output_parameters(),
    )


def _candidate(op: Op, linear: LinearOp) -> Candidate:
    filters = Constant("filter", ConstantKind.WEIGHTS, lambda: interleave(linear.weights))
    constants = linear.constants(filters)
    source, result = linear.input, linear.output
    return Candidate(
        set="portable",
        name="fully_connected",
        covers=(op.id,),
        operands=(dense(source), Operand(result.id)),
        cost=_cost(linear),
        call=Call(
            header="portable/fully_connected.h",
            function="tg_fully_connected_s8",
            params="tg_fully_connected_params",
            arguments=(
                Argument("input", TensorPointer(source.id)),
                Argument("output", TensorPointer(result.id)),
                *(Argument(item.name, ConstantPointer(item.name)) for item in constants),
            ),
            parameters=_parameters(linear),
        ),
        overlaps=(Overlap(source.id, result.id, apart(source.bytes, result.bytes)),),
        constants=constants,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any number of rows."""
    (op,) = region
    try:
        return [_candidate(op, _read(op, graph))]
    except UnsuitableError as error:
        return Refusal("portable", error.rule, error.found)
