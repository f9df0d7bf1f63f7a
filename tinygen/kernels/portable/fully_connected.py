"""FULLY_CONNECTED: firmware/kernels/portable/fully_connected.h."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Operand,
    Overlap,
    Parameter,
    PitchOf,
    Proposal,
    Region,
)
from tinygen.kernels.intervals import apart
from tinygen.kernels.linear import BLOCK, Layer, LinearOp, UnsuitableError, propose_one
from tinygen.kernels.linear_integer import IntegerLinear
from tinygen.kernels.linear_reader import read_linear
from tinygen.kernels.operands import at_run_time, dense
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.target import Target

KINDS = ("FULLY_CONNECTED",)

_CODE_BYTES = 720


def _read(op: Op, graph: Graph) -> LinearOp:
    attributes = op.attributes
    assert isinstance(attributes, FullyConnectedAttributes)
    layer = Layer(
        graph.operand(op, 0),
        graph.operand(op, 1),
        graph.optional(op, 2),
        graph.result(op),
        attributes.activation,
        broadcast_scale=False,
        wide_biases=attributes.wide_biases,
    )
    linear = read_linear(layer)
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
    products = rows * depth * ((units - rest) * 2.5 + rest * 5) * linear.arithmetic.effort
    instructions = round(products) + rows * (units * 26 + 30)
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=linear.constant_bytes + _CODE_BYTES,
        reads=rows * depth * (units // BLOCK + rest) * linear.element_bytes,
        writes=linear.output.bytes,
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
        Parameter("per_channel", int(isinstance(linear, IntegerLinear) and len(linear.scaling) > 1)),
        *linear.output_parameters(),
    )


def _candidate(op: Op, linear: LinearOp) -> Candidate:
    constants = (linear.filters(), *linear.tables)
    source, result = linear.input, linear.output
    return Candidate(
        set="portable",
        name="fully_connected",
        covers=(op.id,),
        operands=(dense(source), Operand(result.id)),
        cost=_cost(linear),
        call=Call(
            header="portable/fully_connected.h",
            function=f"tg_fully_connected_{linear.arithmetic.value}",
            params="tg_fully_connected_params",
            arguments=linear.arguments(constants),
            parameters=_parameters(linear),
        ),
        overlaps=(Overlap(source.id, result.id, apart(source.bytes, result.bytes)),),
        constants=constants,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any number of rows."""
    return propose_one(lambda op: _candidate(op, _read(op, graph)), region)
