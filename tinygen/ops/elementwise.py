"""Operators of one input that keep its shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.operator import Operator, Options, Rule, Shape
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank, symmetric_int16

FLOAT = (DType.FLOAT32, DType.FLOAT32)
INT8 = (DType.INT8, DType.INT8)
INT16 = (DType.INT16, DType.INT16)


def input_shape(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """That of the first input."""
    return (graph.operand(op, 0).shape,)


def no_attributes(options: Options) -> Attributes:
    """Of an operator whose options say nothing."""
    del options
    return Attributes()


def elementwise(
    kind: str,
    *pairs: Sequence[DType],
    rules: Sequence[Rule] = (),
    symmetric: bool = True,
    options: str = "",
    from_options: Callable[[Options], Attributes] = no_attributes,
) -> Operator:
    """An operator on each element by itself.

    Args:
        kind: its name.
        pairs: dtypes of input and output.
        rules: its own rules.
        symmetric: whether int16 has zero points of 0.
        options: its options table.
        from_options: as of `Operator`.
    """
    zeros = (symmetric_int16(INPUT, OUTPUT),) if symmetric and INT16 in pairs else ()
    scaled = (quantized(INPUT, OUTPUT),) if any(pair in (INT8, INT16) for pair in pairs) else ()
    return Operator(
        kind=kind,
        options=options,
        from_options=from_options,
        form=(operands(1), dtypes((INPUT, OUTPUT), *pairs), rank(INPUT, 0, 8), *scaled),
        rules=(*zeros, *rules),
        infer=input_shape,
    )
