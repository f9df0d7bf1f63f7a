"""LOG_SOFTMAX over the last axis."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.elementwise import FLOAT, INT8, input_shape
from tinygen.ops.operator import Operator
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank

_LONGEST_ROW = 4095


def row_fits(graph: Graph, op: Op) -> str | None:
    """A row of int8 has at most 4095 elements.

    Beyond, the sum of exponentials can leave the 12 integer bits that TFLM gives it, which C leaves
    undefined (tensorflow/lite/kernels/internal/reference/log_softmax.h). Reduce the number of classes.
    """
    source = graph.operand(op, 0)
    fits = source.dtype is not DType.INT8 or source.shape[-1] <= _LONGEST_ROW
    return None if fits else f"{source.shape[-1]} elements"


def fixed_output(graph: Graph, op: Op) -> str | None:
    """The int8 output has scale 1/16 and zero point 127.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/log_softmax.cc. Convert the model again with a
    current converter.
    """
    quant = graph.result(op).quant
    if quant is None or graph.result(op).dtype.is_float or (quant.scale, quant.zero_point) == (1 / 16, 127):
        return None
    return f"scale {quant.scale:g}, zero point {quant.zero_point}"


def scaled_logits(graph: Graph, op: Op) -> str | None:
    """The int8 input's scale is above 2**-25.

    Source: PreprocessLogSoftmaxScalingExp in tensorflow/lite/kernels/internal/quantization_util.cc. Check
    the range of the logits in the representative dataset.
    """
    source = graph.operand(op, 0)
    if source.dtype.is_float or source.quant is None or source.quant.scale > 2.0**-25:
        return None
    return f"scale {source.quant.scale:g}"


OPERATOR = Operator(
    kind="LOG_SOFTMAX",
    form=(operands(1), dtypes((INPUT, OUTPUT), INT8, FLOAT), rank(INPUT, 1, 8), quantized(INPUT, OUTPUT)),
    rules=(row_fits, fixed_output, scaled_logits),
    infer=input_shape,
)
