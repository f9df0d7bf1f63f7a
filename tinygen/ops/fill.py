"""FILL and ZEROS_LIKE: one value everywhere."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.movement import numbers
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, moved
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

DIMENSIONS = Operand("shape", 0)
VALUE = Operand("value", 1)


def shape_has_elements(graph: Graph, op: Op) -> str | None:
    """No dimension of the shape is below 1.

    Convert the model again: the file contradicts itself.
    """
    wrong = [size for size in numbers(graph, op, 0) if size < 1]
    return f"size {wrong[0]}" if wrong else None


def moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """A computed value is repeated; a constant one is written by a kernel of its own."""
    if graph.operand(op, 1).is_constant:
        return None
    return moved(graph, op, 1, RearrangeAttributes(0, (Strided(graph.result(op).elements, 0),)))


def value(graph: Graph, op: Op) -> Array:
    """The constant value, a scalar of the output's dtype."""
    result = graph.result(op)
    data = graph.operand(op, 1).data if op.kind == "FILL" else None
    return np.zeros((), result.dtype.numpy) if data is None else data.reshape(())


def evaluate_fill(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant value, repeated."""
    if known[1] is None:
        return None
    return (np.full(graph.result(op).shape, known[1].reshape(()), graph.result(op).dtype.numpy),)


def evaluate_zeros(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """Zeros, whatever the input's value."""
    result = graph.result(op)
    return (np.zeros(result.shape, result.dtype.numpy),)


def _dimensions(graph: Graph, op: Op) -> tuple[Shape, ...]:
    return (numbers(graph, op, 0),)


OPERATORS = (
    Operator(
        kind="FILL",
        form=(
            operands(2),
            one_dtype((VALUE, OUTPUT), (DType.INT8, DType.INT32, DType.FLOAT32)),
            one_dtype((DIMENSIONS,), (DType.INT8, DType.INT16, DType.INT32, DType.INT64)),
            rank(DIMENSIONS, 1),
            rank(VALUE, 0),
            constant(DIMENSIONS),
        ),
        rules=(shape_has_elements,),
        infer=_dimensions,
        evaluate=evaluate_fill,
    ),
    Operator(
        kind="ZEROS_LIKE",
        form=(
            operands(1),
            one_dtype((INPUT, OUTPUT), (DType.INT8, DType.INT32, DType.INT64, DType.FLOAT32)),
            rank(INPUT, 0, 8),
        ),
        infer=lambda graph, op: (graph.operand(op, 0).shape,),
        evaluate=evaluate_zeros,
    ),
)
