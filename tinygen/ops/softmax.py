"""SOFTMAX over the last axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.elementwise import input_shape
from tinygen.ops.operator import Operator, Options, attributes_of
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank


@dataclass(frozen=True)
class SoftmaxAttributes(Attributes):
    """Factor on the logits."""

    beta: float


def from_options(options: Options) -> SoftmaxAttributes:
    """Attributes from the fields of SoftmaxOptions."""
    return SoftmaxAttributes(beta=float(options.get("beta", 0.0)))


LONGEST_ROW: Mapping[DType, int] = MappingProxyType({DType.INT8: 4095, DType.INT16: 32768})
"""Elements, by the dtype of the input: what the sums in TFLM's kernels hold."""


def row_fits(graph: Graph, op: Op) -> str | None:
    """A row has at most 4095 elements of int8 or 32768 of int16.

    Beyond, the sum of exponentials can leave the bits that TFLM gives it, which C leaves undefined
    (tensorflow/lite/kernels/internal/reference/softmax.h). Reduce the number of classes.
    """
    source = graph.operand(op, 0)
    longest = LONGEST_ROW.get(source.dtype, math.inf)
    return None if source.shape[-1] <= longest else f"{source.shape[-1]} elements"


_OUTPUTS: Mapping[tuple[DType, DType], tuple[float, int, float]] = MappingProxyType(
    {
        (DType.INT8, DType.INT8): (1 / 256, -128, 0.0),
        (DType.INT8, DType.INT16): (1 / 65536, -32768, 0.001),
        (DType.INT16, DType.INT16): (1 / 32768, 0, 0.001),
    }
)
"""Scale, zero point and relative tolerance of the scale, by the dtypes of input and output."""


def fixed_output(graph: Graph, op: Op) -> str | None:
    """The output has scale 1/256 and zero point -128; in int16 1/65536 and -32768, 1/32768 and 0 of int16.

    Source: CalculateSoftmaxParams in tensorflow/lite/micro/kernels/softmax_common.cc. Convert the model
    again with a current converter.
    """
    source, result = graph.operand(op, 0), graph.result(op)
    wanted = _OUTPUTS.get((source.dtype, result.dtype))
    if result.quant is None or wanted is None:
        return None
    scale, zero_point, tolerance = wanted
    if abs(result.quant.scale - scale) <= tolerance * scale and result.quant.zero_point == zero_point:
        return None
    return f"scale {result.quant.scale:g}, zero point {result.quant.zero_point}"


def centred_input(graph: Graph, op: Op) -> str | None:
    """An int16 input has zero point 0.

    Source: CalculateSoftmaxParams in tensorflow/lite/micro/kernels/softmax_common.cc. Convert the model
    again with a current converter.
    """
    source = graph.operand(op, 0)
    if source.dtype is not DType.INT16 or source.quant is None or source.quant.zero_point == 0:
        return None
    return f"zero point {source.quant.zero_point}"


def scaled_logits(graph: Graph, op: Op) -> str | None:
    """The factor beta is finite and positive; times the scale above 2**-26 for int8, below 5 for int16.

    Source: PreprocessSoftmaxScaling in tensorflow/lite/kernels/internal/quantization_util.cc, and what
    SoftmaxInt16 can shift without leaving int32. Check the range of the logits in the representative dataset.
    """
    beta = attributes_of(op, SoftmaxAttributes).beta
    source = graph.operand(op, 0)
    scale = source.quant.scale if source.quant and not source.dtype.is_float else 1.0
    least, most = {
        DType.INT8: (2.0**-26, math.inf),
        DType.INT16: (0.0, 5.0),
    }.get(source.dtype, (0.0, math.inf))
    return None if least < beta * scale < most else f"beta {beta:g}, scale {scale:g}"


OPERATOR = Operator(
    kind="SOFTMAX",
    options="SoftmaxOptions",
    from_options=from_options,
    form=(
        operands(1),
        dtypes((INPUT, OUTPUT), *_OUTPUTS, (DType.FLOAT32, DType.FLOAT32)),
        rank(INPUT, 1, 4),
        quantized(INPUT, OUTPUT),
    ),
    rules=(row_fits, fixed_output, centred_input, scaled_logits),
    infer=input_shape,
)
