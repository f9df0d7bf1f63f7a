"""What convolutions and FULLY_CONNECTED share: dtypes of constant weights and biases, and rules on scales."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.ops.operator import Options, Rule
from tinygen.ops.rules import INPUT, Operand, scale_ratio, stated

FILTER = Operand("filter", 1)
BIAS = Operand("bias", 2)

Combination = tuple[DType, DType, DType, DType]
"""Dtypes of input, filter, bias and output."""

INT8: Combination = (DType.INT8, DType.INT8, DType.INT32, DType.INT8)
INT8_INT4: Combination = (DType.INT8, DType.INT4, DType.INT32, DType.INT8)
INT16: Combination = (DType.INT16, DType.INT8, DType.INT64, DType.INT16)
INT16_BIAS32: Combination = (DType.INT16, DType.INT8, DType.INT32, DType.INT16)
INT16_BIAS16: Combination = (DType.INT16, DType.INT8, DType.INT16, DType.INT16)
FLOAT32: Combination = (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, DType.FLOAT32)

_SCHEMA_INT32 = 2
"""`TensorType.INT32`."""

ONE_ROUNDING_LIMIT = 2.0**7
"""Requantization factors of accumulators of 64 bits from here on break an assertion of TFLM."""


def sums_in_int32(options: Options) -> bool:
    """Whether a layer without bias sums int16 activations in 32 bits, as one with a bias of int32 does."""
    return bool(options.get("quantized_bias_type", 0) == _SCHEMA_INT32)


def bias_dtypes(*, int32_sums: bool) -> tuple[DType, ...]:
    """Dtypes that a bias beside int16 activations may have, the first being that of one left out."""
    return (DType.INT32, DType.INT64) if int32_sums else (DType.INT64, DType.INT32)


def one_rounding_fits(weights: Operand, bias: Operand, source: Operand = INPUT) -> Rule:
    """The requantization factor of accumulators of 64 bits is one that TFLM defines.

    Source: MultiplyByQuantizedMultiplier(int64_t, …) in tensorflow/lite/kernels/internal/common.cc.
    """

    def test(graph: Graph, op: Op) -> str | None:
        tensor, filters, biases = (item.of(graph, op) for item in (source, weights, bias))
        if tensor is None or tensor.dtype is not DType.INT16 or _is_int32(op, biases):
            return None
        largest = max(filters.quant.scales) if filters and filters.quant else 1.0
        value = scale_ratio(graph, op, source) * largest
        return None if 0 <= value < ONE_ROUNDING_LIMIT else f"factor {value:g}"

    return stated(
        "With int16 inputs and no bias of int32, the inputs' scales over the output's are below 2**7.",
        "Check the ranges that the representative dataset produces.",
        test,
    )


def _is_int32(op: Op, bias: Tensor | None) -> bool:
    if bias is None:
        return getattr(op.attributes, "int32_sums", False)
    return bias.dtype is DType.INT32
