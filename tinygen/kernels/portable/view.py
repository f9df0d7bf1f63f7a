"""VIEW: the input's bytes under another shape, which takes no code at all."""

from __future__ import annotations

from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, Cost, Operand, Placement, Proposal, Region
from tinygen.kernels.portable import assign
from tinygen.target import Target

KINDS = ("VIEW",)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """A candidate without a call: the output is placed on the input's bytes, both dense.

    A variable has a second one that copies, for where it changes before the last use of the view.
    """
    (op,) = region
    source, view = graph.operand(op, 0), graph.result(op)
    copies = [assign.copy(op, source, view, "read")] if source.variable else []
    return [
        Candidate(
            set="portable",
            name="view",
            covers=(op.id,),
            operands=tuple(Operand(tensor.id, pitch=(tensor.shape or (1,))[-1]) for tensor in (source, view)),
            cost=Cost(instructions=0, cycles=0),
            call=None,
            placements=(Placement(view.id, base=source.id),),
        ),
        *copies,
    ]
