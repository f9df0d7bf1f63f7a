"""EXPAND_DIMS: inserts a dimension of size 1 at a constant axis."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank
from tinygen.ops.view import evaluate

AXIS = Operand("axis", 1)


def _axis(graph: Graph, op: Op) -> int:
    data = graph.operand(op, 1).data
    return 0 if data is None else int(data.reshape(-1)[0])


def axis_exists(graph: Graph, op: Op) -> str | None:
    """The axis is one number, from -rank-1 to rank.

    Convert the model again: the file contradicts itself.
    """
    source, axis = graph.operand(op, 0), graph.operand(op, 1)
    dims = len(source.shape)
    if axis.elements != 1:
        return f"{axis.elements} axes"
    value = _axis(graph, op)
    return None if -dims - 1 <= value <= dims else f"axis {value} for {dims} dimensions"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with a 1 inserted."""
    shape = graph.operand(op, 0).shape
    axis = _axis(graph, op) % (len(shape) + 1)
    return ((*shape[:axis], 1, *shape[axis:]),)


OPERATOR = Operator(
    kind="EXPAND_DIMS",
    form=(
        operands(2),
        one_dtype((INPUT, OUTPUT), (DType.INT8, DType.INT16, DType.FLOAT32)),
        one_dtype((AXIS,), (DType.INT32,)),
        rank(AXIS, 0, 1),
        constant(AXIS),
    ),
    rules=(axis_exists,),
    infer=infer,
    evaluate=evaluate,
)
