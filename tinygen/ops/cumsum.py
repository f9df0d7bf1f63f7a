"""CUMSUM along a constant axis."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.arg_min_max import AXIS, axis_exists
from tinygen.ops.broadcast import MAX_RANK
from tinygen.ops.operator import Operator, Options, Shape
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    constant,
    dtypes,
    factor_below_one,
    operands,
    quantized,
    rank,
)

DTYPES = (DType.INT8, DType.FLOAT32)


@dataclass(frozen=True)
class CumsumAttributes(Attributes):
    """Whether a sum leaves out its own element, and whether sums go from the last element to the first."""

    exclusive: bool
    reverse: bool


def from_options(options: Options) -> CumsumAttributes:
    """Attributes from the fields of CumsumOptions."""
    return CumsumAttributes(
        exclusive=bool(options.get("exclusive", False)), reverse=bool(options.get("reverse", False))
    )


def rescale_factor(graph: Graph, op: Op) -> float:
    """From the sums, the input's scale less 19 bits, to the output's scale.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/cumsum.cc.
    """
    quants = graph.operand(op, 0).quant, graph.result(op).quant
    source, target = (1.0 if quant is None else quant.scale for quant in quants)
    return 2.0 * source / ((1 << 20) * target)


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape."""
    return (graph.operand(op, 0).shape,)


OPERATOR = Operator(
    kind="CUMSUM",
    options="CumsumOptions",
    from_options=from_options,
    form=(
        operands(2),
        dtypes((INPUT, AXIS, OUTPUT), *[(dtype, DType.INT32, dtype) for dtype in DTYPES]),
        rank(INPUT, 1, MAX_RANK),
        rank(AXIS, 0, 1),
        constant(AXIS),
        quantized(INPUT, OUTPUT),
        axis_exists,
    ),
    rules=(factor_below_one(rescale_factor),),
    infer=infer,
)
