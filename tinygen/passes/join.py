"""CONCATENATION and PACK in place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from tinygen.ir import Attributes, Graph, Op
from tinygen.ops.concatenation import ConcatenationAttributes
from tinygen.ops.pack import PackAttributes
from tinygen.passes.rewrite import fresh_op_id


@dataclass(frozen=True)
class JoinInPlace:
    """Turns CONCATENATION and PACK into a VIEW of each input as rows, and a JOIN of these rows.

    In front of the axis there are `rows` of elements, [rows, n_i] of each input. JOIN only says where in the
    output its inputs lie. Planning lets a VIEW be the same bytes as its input, which is then written straight
    into the output, or copies it there.
    """

    name: ClassVar[str] = "join-in-place"

    def apply(self, graph: Graph) -> Graph:
        """The graph with JOIN ops; a single input becomes a VIEW."""
        current = graph
        for op in graph.ops:
            axis = _axis(graph, op)
            if axis is not None:
                current = _joined(current, op, prod(graph.result(op).shape[:axis]))
        return current


def _axis(graph: Graph, op: Op) -> int | None:
    """The axis of an op that joins, counted from the front."""
    attributes = op.attributes
    if isinstance(attributes, ConcatenationAttributes | PackAttributes):
        return attributes.axis % len(graph.result(op).shape)
    return None


def _joined(graph: Graph, op: Op, rows: int) -> Graph:
    sources = [key for key in op.inputs if key is not None]
    if len(sources) == 1:
        alone = replace(op, kind="VIEW", attributes=Attributes())
        return graph.with_ops(alone if other.id == op.id else other for other in graph.ops)
    first_tensor, first_op = graph.fresh_tensor_id(), fresh_op_id(graph)
    parts = [
        replace(
            graph.tensors[key],
            id=first_tensor + number,
            shape=(rows, graph.tensors[key].elements // rows),
            quant=graph.result(op).quant,
            data=None,
            origin=None,
            variable=False,
        )
        for number, key in enumerate(sources)
    ]
    views = [
        Op(first_op + number, "VIEW", (key,), (part.id,), sources=op.sources)
        for number, (key, part) in enumerate(zip(sources, parts, strict=True))
    ]
    join = replace(op, kind="JOIN", inputs=tuple(part.id for part in parts), attributes=Attributes())
    ops = [new for old in graph.ops for new in ((*views, join) if old.id == op.id else (old,))]
    return graph.with_tensors(parts).with_ops(ops)
