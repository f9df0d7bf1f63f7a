"""SELECT_V2, of the elements as they are stored: TFLM asks for no common scale."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.broadcast import MAX_RANK, OUTPUT
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rules import Operand, dtypes, operands, rank

CONDITION = Operand("condition", 0)
FIRST = Operand("first input", 1)
SECOND = Operand("second input", 2)

DTYPES = (DType.INT8, DType.INT16, DType.FLOAT32)


def shapes_broadcast(graph: Graph, op: Op) -> str | None:
    """The shapes of the condition and of both inputs are equal, or broadcast as in numpy.

    Reshape one of the inputs.
    """
    shapes = [graph.operand(op, position).shape for position in range(3)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return " and ".join(str(list(shape)) for shape in shapes)
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The broadcast shape."""
    return (np.broadcast_shapes(*(graph.operand(op, position).shape for position in range(3))),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The first input's element where the condition holds, else the second's."""
    given = [values for values in known if values is not None]
    if len(given) < 3:
        return None
    return (np.where(given[0], given[1], given[2]),)


OPERATOR = Operator(
    kind="SELECT_V2",
    form=(
        operands(3),
        dtypes((CONDITION, FIRST, SECOND, OUTPUT), *[(DType.BOOL, dtype, dtype, dtype) for dtype in DTYPES]),
        rank(CONDITION, 0, MAX_RANK),
        rank(FIRST, 0, MAX_RANK),
        rank(SECOND, 0, MAX_RANK),
    ),
    rules=(shapes_broadcast,),
    infer=infer,
    evaluate=evaluate,
)
