"""FILL and ZEROS_LIKE: firmware/kernels/portable/fill.h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Graph
from tinygen.kernels.interface import Call, Candidate, Cost, Parameter, Proposal, Region
from tinygen.kernels.operands import argument, at_run_time, dense
from tinygen.ops.fill import value
from tinygen.target import Target

KINDS = ("FILL", "ZEROS_LIKE")

_CODE_BYTES = 40
_CALL_INSTRUCTIONS = 40


@dataclass(frozen=True)
class Filling:
    """A value as tg_fill_elements in firmware/kernels/fill.h takes it.

    Attributes:
        value: its bits.
        element: bytes; 1 where all bytes of the value are the same, whatever its dtype.
    """

    value: int
    element: int


def filling(scalar: Array) -> Filling:
    """A scalar of up to 4 bytes, or one of equal bytes."""
    raw = scalar.astype(scalar.dtype.newbyteorder("<")).tobytes()
    if len(set(raw)) == 1:
        return Filling(raw[0], 1)
    return Filling(int(np.frombuffer(raw.ljust(4, b"\0"), "<i4")[0]), len(raw))


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: a constant value; a computed one is rewritten to REARRANGE."""
    (op,) = region
    result = graph.result(op)
    found = filling(value(graph, op))
    instructions = _CALL_INSTRUCTIONS + (result.bytes // 3 if found.element == 1 else 3 * result.elements)
    return [
        Candidate(
            set="portable",
            name="fill",
            covers=(op.id,),
            operands=(dense(result),),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/fill.h",
                function="tg_fill",
                params="tg_fill_params",
                arguments=(argument("output", result),),
                parameters=(
                    *at_run_time(bytes=result.bytes, value=found.value),
                    Parameter("element", found.element),
                ),
            ),
        )
    ]
