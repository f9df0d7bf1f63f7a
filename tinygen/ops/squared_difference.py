"""SQUARED_DIFFERENCE."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator
from tinygen.ops.rules import factor_fits


def left_shift(dtype: DType) -> int:
    """Bits that operands gain before they are rescaled (SquaredDifferencePrepare)."""
    return 0 if dtype is DType.INT16 else 7


def rescale_factors(graph: Graph, op: Op) -> tuple[float, float, float]:
    """Real factors of both inputs and of the output.

    Source: PrepareQuantized in tensorflow/lite/micro/kernels/squared_difference.cc.
    """
    first, second, output = broadcast.scales(graph, op)
    unit = 2.0 * max(first, second)
    bits = 2 * left_shift(graph.result(op).dtype)
    return first / unit, second / unit, unit * unit / ((1 << bits) * output)


OPERATOR = Operator(
    kind="SQUARED_DIFFERENCE",
    form=broadcast.form((DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32), *broadcast.SCALED),
    rules=(
        broadcast.shapes_broadcast,
        factor_fits(lambda graph, op: rescale_factors(graph, op)[2]),
    ),
    infer=broadcast.infer,
)
