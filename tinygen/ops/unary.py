"""Mathematical functions of one input."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.tables import RSQRT_SHIFT, Affine, rsqrt_factor
from tinygen.ops.elementwise import FLOAT, INT8, INT16, elementwise
from tinygen.ops.rules import factor_fits, scale_ratio

_FLOAT_ONLY = ("NEG", "SQUARE", "SQRT", "EXP", "LOG", "SIN", "COS", "FLOOR", "CEIL", "ROUND")


def rsqrt_shifts(graph: Graph, op: Op) -> str | None:
    """One over the square root of the input's scale times the output's is from 2**-11 to 2**30.

    Beyond, TFLM's requantization shifts by more bits than int32 has. Check the ranges that the representative
    dataset produces.
    """
    source, result = graph.operand(op, 0).quant, graph.result(op).quant
    if source is None or result is None or graph.operand(op, 0).dtype.is_float:
        return None
    factor = rsqrt_factor(Affine(source.scale, 0), Affine(result.scale, 0))
    _, shift = quantize_multiplier(factor)
    return None if RSQRT_SHIFT - 31 <= shift <= 30 else f"factor {factor:g}"


OPERATORS = (
    elementwise("ABS", INT8, INT16, FLOAT, rules=(factor_fits(scale_ratio),)),
    elementwise("RSQRT", INT8, FLOAT, rules=(rsqrt_shifts,)),
    elementwise("LOGICAL_NOT", (DType.BOOL, DType.BOOL)),
    *(elementwise(kind, FLOAT) for kind in _FLOAT_ONLY),
)
