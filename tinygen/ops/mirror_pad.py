"""MIRROR_PAD: borders that repeat the input backwards, with its edge (SYMMETRIC) or without (REFLECT).

Source: tensorflow/lite/micro/kernels/mirror_pad.cc.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.movement import INDICES
from tinygen.ops.operator import Operator, Options, attributes_of
from tinygen.ops.pad import PADDINGS, infer, paddings, paddings_fit
from tinygen.ops.rearrange import Move, evaluates, moved, taken
from tinygen.ops.rules import INPUT, OUTPUT, constant, one_dtype, operands, rank


class Mirror(enum.Enum):
    """What borders begin with; values as in TFLite's schema (`MirrorPadMode`)."""

    REFLECT = 0
    SYMMETRIC = 1

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class MirrorPadAttributes(Attributes):
    """What borders begin with."""

    mode: Mirror


def from_options(options: Options) -> MirrorPadAttributes:
    """Attributes from the fields of MirrorPadOptions."""
    return MirrorPadAttributes(Mirror(options.get("mode", 0)))


def borders_fit(graph: Graph, op: Op) -> str | None:
    """A border is at most as long as its dimension, and one shorter with REFLECT.

    Pad less, or twice.
    """
    if paddings_fit(graph, op) is not None:
        return None
    edge = 1 if attributes_of(op, MirrorPadAttributes).mode is Mirror.REFLECT else 0
    for size, pair in zip(graph.operand(op, 0).shape, paddings(graph, op), strict=True):
        if max(pair) > size - edge:
            return f"padding {pair[0]}, {pair[1]} of {size}"
    return None


def _mirrored(size: int, before: int, after: int, edge: int) -> list[int]:
    """The indices taken along a dimension."""
    head = range(before + edge - 1, edge - 1, -1)
    tail = range(size - 1 - edge, size - 1 - edge - after, -1)
    return [*head, *range(size), *tail]


def moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """The mirrored indices of each dimension."""
    edge = 1 if attributes_of(op, MirrorPadAttributes).mode is Mirror.REFLECT else 0
    shape = graph.operand(op, 0).shape
    pairs = zip(shape, paddings(graph, op), strict=True)
    return moved(graph, op, 0, taken(shape, [_mirrored(size, *pair, edge) for size, pair in pairs]))


OPERATOR = Operator(
    kind="MIRROR_PAD",
    options="MirrorPadOptions",
    from_options=from_options,
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (DType.INT8, DType.FLOAT32)),
        one_dtype((PADDINGS,), INDICES),
        rank(INPUT, 1, 6),
        rank(PADDINGS, 2),
        constant(PADDINGS),
    ),
    rules=(paddings_fit, borders_fit),
    infer=infer,
    evaluate=evaluates(moves),
)
