"""JOIN: where rows lie beside each other; nothing is called."""

from __future__ import annotations

from itertools import accumulate

from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, Cost, Operand, Placement, Proposal, Region
from tinygen.target import Target

KINDS = ("JOIN",)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate without a call: the inputs are placed in the output's rows."""
    (op,) = region
    parts = [graph.tensors[key] for key in op.inputs if key is not None]
    result = graph.result(op)
    width = sum(part.shape[1] for part in parts)
    starts = accumulate((part.shape[1] for part in parts), initial=0)
    return [
        Candidate(
            set="portable",
            name="join",
            covers=(op.id,),
            operands=tuple(Operand(tensor.id) for tensor in (*parts, result)),
            cost=Cost(instructions=0, cycles=0),
            call=None,
            placements=tuple(
                Placement(part.id, base=result.id, offset=start * result.dtype.bytes, pitch=width)
                for part, start in zip(parts, starts, strict=False)
            ),
        )
    ]
