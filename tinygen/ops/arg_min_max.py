"""ARG_MAX and ARG_MIN along a constant axis."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.broadcast import MAX_RANK
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, dtypes, operands, rank

AXIS = Operand("axis", 1)

DTYPES = (DType.INT8, DType.FLOAT32)


def axis(graph: Graph, op: Op) -> int:
    """The axis, counted from the first one."""
    data = graph.operand(op, 1).data
    if data is None:
        raise ValueError(f"op {op.id} {op.kind} has an axis that is not constant")
    return int(data.ravel()[0]) % len(graph.operand(op, 0).shape)


def axis_exists(graph: Graph, op: Op) -> str | None:
    """There is one axis, a dimension of the input.

    Convert the model again: the file contradicts itself.
    """
    dims, data = len(graph.operand(op, 0).shape), graph.operand(op, 1).data
    if data is None:
        return None
    if data.size != 1:
        return f"{data.size} axes"
    value = int(data.ravel()[0])
    return None if -dims <= value < dims else f"axis {value} of {dims} dimensions"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape without the axis."""
    shape, dropped = graph.operand(op, 0).shape, axis(graph, op)
    return (tuple(size for index, size in enumerate(shape) if index != dropped),)


def _operator(kind: str) -> Operator:
    return Operator(
        kind=kind,
        form=(
            operands(2),
            dtypes((INPUT, AXIS, OUTPUT), *[(dtype, DType.INT32, DType.INT32) for dtype in DTYPES]),
            rank(INPUT, 1, MAX_RANK),
            rank(AXIS, 0, 1),
            constant(AXIS),
            axis_exists,
        ),
        infer=infer,
    )


OPERATORS = (_operator("ARG_MAX"), _operator("ARG_MIN"))
