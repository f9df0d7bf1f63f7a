"""DYNAMIC_UPDATE_SLICE: a tensor with a box of it replaced, which starts where a third operand says.

Source: tensorflow/lite/micro/kernels/dynamic_update_slice.cc.
"""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.movement import INDICES, NUMBERS, one_per_dimension
from tinygen.ops.operator import Operator
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, one_dtype, operands, rank

UPDATE = Operand("update", 1)
START = Operand("list of start indices", 2)


def update_fits(graph: Graph, op: Op) -> str | None:
    """The update has as many dimensions as the input, none of them longer.

    Convert the model again: the file contradicts itself.
    """
    shape, box = graph.operand(op, 0).shape, graph.operand(op, 1).shape
    fits = len(shape) == len(box) and all(part <= size for part, size in zip(box, shape, strict=True))
    return None if fits else f"{list(box)} in {list(shape)}"


def moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """Known where the update replaces all of the input."""
    update = graph.operand(op, 1)
    if update.elements != graph.operand(op, 0).elements:
        return None
    return moved(graph, op, 1, RearrangeAttributes(0, (Strided(update.elements, 1),)))


OPERATOR = Operator(
    kind="DYNAMIC_UPDATE_SLICE",
    form=(
        operands(3),
        one_dtype((INPUT, UPDATE, OUTPUT), NUMBERS),
        one_dtype((START,), INDICES),
        rank(INPUT, 1, 6),
        rank(UPDATE, 1, 6),
        rank(START, 1),
        one_per_dimension(START, of=INPUT),
    ),
    rules=(update_fits,),
    infer=lambda graph, op: (graph.operand(op, 0).shape,),
)
