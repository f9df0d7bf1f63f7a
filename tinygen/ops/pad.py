"""PAD and PADV2; paddings [rank, 2] of elements before and after each dimension.

Source: PadPrepare and PadEval in tensorflow/lite/micro/kernels/pad_common.cc and pad.cc.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.movement import NUMBERS, scale_and_zero_point
from tinygen.ops.operator import Known, Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

PADDINGS = Operand("padding table", 1)
VALUE = Operand("value", 2)


def paddings(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension."""
    data = graph.operand(op, 1).data
    return () if data is None else tuple((int(before), int(after)) for before, after in data)


def value(graph: Graph, op: Op) -> Array:
    """The element that is added, a scalar of the output's dtype: the output's zero point for int8, else 0."""
    given, result = graph.optional(op, 2), graph.result(op)
    if given is not None and given.data is not None:
        return given.data.reshape(())
    zero_point = scale_and_zero_point(result)[1] if result.dtype is DType.INT8 else 0
    return np.asarray(zero_point, result.dtype.numpy)


def paddings_fit(graph: Graph, op: Op) -> str | None:
    """The paddings are two numbers, not negative, for each dimension.

    Use a slice to crop.
    """
    source, table = graph.operand(op, 0), graph.operand(op, 1)
    if table.shape != (len(source.shape), 2):
        return f"paddings {list(table.shape)} for {len(source.shape)} dimensions"
    wrong = [pair for pair in paddings(graph, op) if min(pair) < 0]
    return f"padding {wrong[0][0]}, {wrong[0][1]}" if wrong else None


def value_is_known(graph: Graph, op: Op) -> str | None:
    """The value is one element, of int8 one with the output's scale and zero point, which int8 can hold.

    Convert the model again with a current converter.
    """
    given, result = graph.optional(op, 2), graph.result(op)
    if given is not None and given.elements != 1:
        return f"{given.elements} values"
    if result.dtype is not DType.INT8:
        return None
    wanted = scale_and_zero_point(result)
    if given is None:
        return None if -128 <= wanted[1] <= 127 else f"zero point {wanted[1]}"
    found = scale_and_zero_point(given)
    return None if found == wanted else f"({found[0]:g}, {found[1]}) and ({wanted[0]:g}, {wanted[1]})"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape plus the paddings."""
    pairs = zip(graph.operand(op, 0).shape, paddings(graph, op), strict=True)
    return (tuple(before + size + after for size, (before, after) in pairs),)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant, padded."""
    if known[0] is None or known[1] is None:
        return None
    return (np.pad(known[0], paddings(graph, op), constant_values=value(graph, op)),)


def _operator(kind: str) -> Operator:
    return Operator(
        kind=kind,
        form=(
            operands(2, 3),
            one_dtype((INPUT, VALUE, OUTPUT), NUMBERS),
            one_dtype((PADDINGS,), (DType.INT32,)),
            rank(INPUT, 1, 5),
            rank(PADDINGS, 2),
            constant(PADDINGS, VALUE),
        ),
        rules=(paddings_fit, value_is_known),
        infer=infer,
        evaluate=evaluate,
    )


OPERATORS = (_operator("PAD"), _operator("PADV2"))
