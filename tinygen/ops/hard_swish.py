"""HARD_SWISH."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.numerics.tables import Affine, hard_swish_factors
from tinygen.ops.elementwise import FLOAT, INT8, elementwise


def within_16_bits(graph: Graph, op: Op) -> str | None:
    """The int8 input's scale is from 2**-23 to 2**24, and below 128 times and from 1/512 of the output's.

    Source: HardSwishPrepare in tensorflow/lite/micro/kernels/hard_swish_common.cc and the 16 bits of its
    kernel's arithmetic. Check the ranges that the representative dataset produces.
    """
    source, result = graph.operand(op, 0).quant, graph.result(op).quant
    if source is None or result is None or graph.operand(op, 0).dtype.is_float:
        return None
    (_, output_exponent), (_, ramp_exponent) = hard_swish_factors(
        Affine(source.scale, 0), Affine(result.scale, 0)
    )
    if -15 <= output_exponent <= 0 and -15 <= ramp_exponent <= 30:
        return None
    return f"scales {source.scale:g} and {result.scale:g}"


OPERATOR = elementwise("HARD_SWISH", INT8, FLOAT, rules=(within_16_bits,))
