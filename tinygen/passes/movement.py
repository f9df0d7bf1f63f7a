"""Operators that only move elements, as one: REARRANGE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from tinygen.ir import Attributes, DType, Graph, Op, Tensor
from tinygen.ops import (
    broadcast_to,
    cast,
    depth_to_space,
    dynamic_update_slice,
    fill,
    gather,
    gather_nd,
    mirror_pad,
    resize,
    reverse_v2,
    slice,
    space_to_batch_nd,
    split,
    split_v,
    strided_slice,
    tile,
    transpose,
    unpack,
)
from tinygen.ops.rearrange import Moves
from tinygen.passes.rewrite import fresh_op_id

MOVES: Mapping[str, Moves] = MappingProxyType(
    {
        "BATCH_TO_SPACE_ND": space_to_batch_nd.to_space_moves,
        "BROADCAST_TO": broadcast_to.moves,
        "CAST": cast.moves,
        "DEPTH_TO_SPACE": depth_to_space.to_space_moves,
        "DYNAMIC_UPDATE_SLICE": dynamic_update_slice.moves,
        "FILL": fill.moves,
        "GATHER": gather.moves,
        "GATHER_ND": gather_nd.moves,
        "MIRROR_PAD": mirror_pad.moves,
        "RESIZE_NEAREST_NEIGHBOR": resize.nearest_moves,
        "REVERSE_V2": reverse_v2.moves,
        "SLICE": slice.moves,
        "SPACE_TO_BATCH_ND": space_to_batch_nd.to_batch_moves,
        "SPACE_TO_DEPTH": depth_to_space.to_depth_moves,
        "SPLIT": split.moves,
        "SPLIT_V": split_v.moves,
        "STRIDED_SLICE": strided_slice.moves,
        "TILE": tile.moves,
        "TRANSPOSE": transpose.moves,
        "UNPACK": unpack.moves,
    }
)
"""What each operator does, by kind."""


@dataclass(frozen=True)
class LowerMovement:
    """Turns operators that move elements into one REARRANGE an output, or a VIEW where none moves.

    Padding of SPACE_TO_BATCH_ND becomes a PAD before it. An op whose moves depend on values that are not
    known stays. Outputs keep their tensors, so that they can be compared.
    """

    name: ClassVar[str] = "lower-movement"

    def apply(self, graph: Graph) -> Graph:
        """The graph with REARRANGE and VIEW ops."""
        current = _with_padding_apart(graph)
        ops: list[Op] = []
        fresh = fresh_op_id(current)
        for op in current.ops:
            lowered = _lowered(current, op, fresh + len(ops))
            ops += lowered
        return graph if ops == list(graph.ops) else current.with_ops(ops)


def _lowered(graph: Graph, op: Op, fresh: int) -> list[Op]:
    """The ops that compute what `op` does; ids count from `fresh` where there are several."""
    moves = MOVES.get(op.kind)
    found = None if moves is None else moves(graph, op)
    if found is None:
        return [op]
    made = []
    for number, (move, output) in enumerate(zip(found, op.outputs, strict=True)):
        one = replace(
            op,
            id=op.id if number == 0 else fresh + number,
            kind="REARRANGE",
            inputs=(move.source,),
            outputs=(output,),
            attributes=move.attributes,
        )
        whole = graph.tensors[move.source].elements == graph.tensors[output].elements
        if whole and np.array_equal(move.attributes.positions(), np.arange(move.attributes.elements)):
            one = replace(one, kind="VIEW", attributes=Attributes())
        made.append(one)
    return made


def _with_padding_apart(graph: Graph) -> Graph:
    """The graph with a PAD before each SPACE_TO_BATCH_ND that pads."""
    current = graph
    for op in graph.ops:
        if op.kind == "SPACE_TO_BATCH_ND" and space_to_batch_nd.to_batch_moves(current, op) is None:
            current = _pad_first(current, op)
    return current


def _pad_first(graph: Graph, op: Op) -> Graph:
    source, margins = graph.operand(op, 0), graph.operand(op, 2)
    padded_id = graph.fresh_tensor_id()
    padded = replace(
        source,
        id=padded_id,
        name=f"{source.name}/padded",
        shape=space_to_batch_nd.padded_shape(graph, op),
        quant=graph.result(op).quant,
        data=None,
        origin=None,
        variable=False,
    )
    amounts = np.asarray([(0, 0), *space_to_batch_nd.margins(graph, op), (0, 0)], np.int32)
    table = Tensor(padded_id + 1, f"{margins.name}/all", amounts.shape, DType.INT32, data=amounts)
    none = replace(
        margins, id=padded_id + 2, name=f"{margins.name}/none", data=np.zeros(margins.shape, np.int32)
    )
    pad = Op(fresh_op_id(graph), "PAD", (source.id, table.id), (padded_id,), sources=op.sources)
    bare = replace(op, inputs=(padded_id, op.inputs[1], none.id))
    ops = [new for old in graph.ops for new in ((pad, bare) if old.id == op.id else (old,))]
    return graph.with_tensors([padded, table, none]).with_ops(ops)
