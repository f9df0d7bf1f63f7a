"""QUANTIZE: float32 to integers, and integers to integers of another scale."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.numerics import quantize as affine
from tinygen.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    saturate,
    wrap_int32,
)
from tinygen.ops.elementwise import input_shape
from tinygen.ops.operator import Known, Operator
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, factor_fits, operands, quantized, rank, scale_ratio

PAIRS = (
    (DType.FLOAT32, DType.INT8),
    (DType.FLOAT32, DType.INT16),
    (DType.INT8, DType.INT8),
    (DType.INT8, DType.UINT8),
    (DType.INT8, DType.INT16),
    (DType.INT8, DType.INT32),
    (DType.UINT8, DType.INT8),
    (DType.INT16, DType.INT8),
    (DType.INT16, DType.INT16),
    (DType.INT16, DType.INT32),
    (DType.INT32, DType.INT8),
    (DType.INT32, DType.INT16),
)
"""Dtypes of input and output, those of EvalQuantizeReference in quantize_common.cc of TFLM."""

_CAST_LIMIT = np.float32(2**31 - 2**8)


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant quantized or requantized (tensorflow/lite/kernels/internal/reference/requantize.h)."""
    values, source, target = known[0], graph.operand(op, 0).quant, graph.result(op).quant
    dtype = graph.result(op).dtype.numpy
    if values is None or target is None:
        return None
    if values.dtype == np.float32:
        with np.errstate(over="ignore"):
            # TFLM casts the quotient to int32, which C leaves undefined beyond that and for NaN.
            defined = bool((np.abs(values / np.float32(target.scale)) < _CAST_LIMIT).all())
        return (affine.quantize(values, target.scale, target.zero_point, dtype),) if defined else None
    if source is None:
        return None
    multiplier = quantize_multiplier(source.scale / target.scale)
    value = wrap_int32(values.astype(np.int64) - source.zero_point)
    scaled = multiply_by_quantized_multiplier(value, *multiplier)
    return (saturate(wrap_int32(scaled + target.zero_point), dtype),)


OPERATOR = Operator(
    kind="QUANTIZE",
    form=(
        operands(1),
        dtypes((INPUT, OUTPUT), *PAIRS),
        rank(INPUT, 0, 8),
        quantized(INPUT, OUTPUT),
    ),
    rules=(factor_fits(scale_ratio),),
    infer=input_shape,
    evaluate=evaluate,
)
