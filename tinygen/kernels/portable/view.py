"""VIEW: the input's bytes under another shape, which takes no code at all where they can stay in place."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.interface import Candidate, Cost, Operand, Placement, Proposal, Region
from tinygen.kernels.portable.rearrange import Loops, copy, row_of
from tinygen.ops.rearrange import RearrangeAttributes, Strided
from tinygen.target import Target

KINDS = ("VIEW",)


def _in_place(op: Op, source: Tensor, view: Tensor) -> Candidate:
    return Candidate(
        set="portable",
        name="view",
        covers=(op.id,),
        operands=(Operand(source.id), Operand(view.id)),
        cost=Cost(instructions=0, cycles=0),
        call=None,
        placements=(Placement(view.id, base=source.id),),
    )


def _ways(source: Tensor, view: Tensor) -> list[Loops]:
    """All at once between dense tensors, pixels of the input, and pixels of the output.

    What is copied has to lie apart: it would stay where it is otherwise.
    """
    elements, read, written = source.elements, row_of(source), row_of(view)
    dense = Loops(0, 0, (Strided(1, 0),), elements, apart=True)
    pixels = replace(
        dense,
        axes=(Strided(elements // read, 1),),
        chunk=read,
        from_pixels=True,
        to_pixels=read == written,
    )
    rows = replace(dense, axes=(Strided(elements // written, written),), chunk=written, to_pixels=True)
    ways = [pixels] if read == written else [pixels, rows]
    return ways if elements in (read, written) else [dense, *ways]


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """The input's bytes in place, unless they are a constant's; else copies by runs of several lengths.

    The copies are for tensors that have places of their own: parts of others, or variables that change before
    the last use of the view.
    """
    (op,) = region
    source, view = graph.operand(op, 0), graph.result(op)
    all_of_it = RearrangeAttributes(0, (Strided(source.elements, 1),))
    copies = [copy(op, source, view, all_of_it, loops) for loops in _ways(source, view)]
    return copies if source.is_constant else [_in_place(op, source, view), *copies]
