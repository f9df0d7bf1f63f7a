"""LOGISTIC and TANH."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.numerics.tables import checked_log2
from tinygen.ops.elementwise import FLOAT, INT8, INT16, elementwise

_WIDEST_SCALE = 32767 / (4096 * 3)


def logistic_output(graph: Graph, op: Op) -> str | None:
    """The int8 output has zero point -128.

    Source: CalculateArithmeticOpDataLogistic in tensorflow/lite/micro/kernels/logistic_common.cc. Convert the
    model again with a current converter.
    """
    result = graph.result(op)
    if result.dtype is not DType.INT8 or result.quant is None or result.quant.zero_point == -128:
        return None
    return f"zero point {result.quant.zero_point}"


def fixed_output(graph: Graph, op: Op) -> str | None:
    """The int16 output has scale 1/32768.

    Source: CalculateArithmeticOpDataLogistic in tensorflow/lite/micro/kernels/logistic_common.cc and
    CalculateArithmeticOpData in tensorflow/lite/micro/kernels/tanh.cc, which allow 0.07 %. Convert the model
    again with a current converter.
    """
    result = graph.result(op)
    if result.dtype is not DType.INT16 or result.quant is None:
        return None
    return None if checked_log2(result.quant.scale) == (-15, True) else f"scale {result.quant.scale:g}"


def within_table(graph: Graph, op: Op) -> str | None:
    """The int16 input's scale is below 2.66.

    Beyond, products in TFLM's kernel leave int32. Check the range that the representative dataset produces.
    """
    source = graph.operand(op, 0)
    if source.dtype is not DType.INT16 or source.quant is None or source.quant.scale < _WIDEST_SCALE:
        return None
    return f"scale {source.quant.scale:g}"


OPERATORS = (
    elementwise("LOGISTIC", INT8, INT16, FLOAT, rules=(logistic_output, fixed_output, within_table)),
    elementwise("TANH", INT8, INT16, FLOAT, rules=(fixed_output, within_table)),
)
