"""SELECT_V2: firmware/kernels/portable/select_v2.h."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.broadcast import loops, overlaps, refusal
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Parameter,
    Proposal,
    Region,
)
from tinygen.kernels.nest import Level, table
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.ops.select_v2 import DTYPES
from tinygen.target import Target

KINDS = ("SELECT_V2",)

_NAMES = ("condition", "input1", "input2")
_CODE_BYTES = 50
_NEST_CODE_BYTES = 260
_INSTRUCTIONS_AN_ELEMENT = 11
_INSTRUCTIONS_A_ROW = 90


def _nests(levels: Sequence[Level]) -> tuple[Constant, ...]:
    """The tables of the loops around the innermost one: of both inputs, and of the condition."""
    outer = levels[:-1]
    if not outer:
        return ()
    inputs = [Level(level.extent, level.steps[1:]) for level in outer]
    condition = [Level(level.extent, level.steps[:1]) for level in outer]
    return (
        Constant("nest", ConstantKind.CONSTANTS, lambda: table(inputs)),
        Constant("condition_nest", ConstantKind.CONSTANTS, lambda: table(condition)),
    )


def _cost(operands: Sequence[Tensor], result: Tensor, levels: Sequence[Level]) -> Cost:
    rows = result.elements // levels[-1].extent
    instructions = result.elements * _INSTRUCTIONS_AN_ELEMENT + (rows - 1) * _INSTRUCTIONS_A_ROW
    nest_bytes = _NEST_CODE_BYTES + 24 * (len(levels) - 1) if len(levels) > 1 else 0
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=_CODE_BYTES + nest_bytes + sum(item.bytes for item in operands if item.is_constant),
        reads=result.elements * (1 + result.dtype.bytes),
        writes=result.bytes,
    )


def _candidate(op: Op, operands: Sequence[Tensor], result: Tensor) -> Candidate:
    levels = loops([tensor.shape for tensor in operands], result.shape)
    inner = levels[-1]
    nests = _nests(levels)
    steps = [Parameter(f"step{number or ''}", step) for number, step in enumerate(inner.steps)]
    return Candidate(
        set="portable",
        name="select_v2 broadcast" if nests else "select_v2",
        covers=(op.id,),
        operands=dense_activations((*operands, result)),
        cost=_cost(operands, result, levels),
        call=Call(
            header="portable/select_v2.h",
            function="tg_select_v2_broadcast" if nests else "tg_select_v2",
            params="tg_select_v2_params",
            arguments=(
                *[argument(name, tensor) for name, tensor in zip(_NAMES, operands, strict=True)],
                argument("output", result),
                *[Argument(nest.name, ConstantPointer(nest.name)) for nest in nests],
            ),
            parameters=(
                *at_run_time(size=inner.extent),
                Parameter("levels", len(levels) - 1, specialize=not nests),
                *steps,
                Parameter("bytes", result.dtype.bytes),
            ),
        ),
        overlaps=overlaps(operands, result),
        constants=(
            *nests,
            *[item for name, tensor in zip(_NAMES, operands, strict=True) for item in stored(name, tensor)],
        ),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for any shapes that broadcast; over any operand where that is right."""
    (op,) = region
    operands = [graph.operand(op, position) for position in range(3)]
    result = graph.result(op)
    kinds = {tensor.dtype for tensor in (*operands[1:], result)}
    if operands[0].dtype is not DType.BOOL or len(kinds) > 1 or result.dtype not in DTYPES:
        return refusal(op, (*operands, result), "a bool condition and int8, int16 or float32 tensors")
    return [_candidate(op, operands, result)]
