"""SOFTMAX over the last axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.operator import Operator, Options, attributes_of
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank


@dataclass(frozen=True)
class SoftmaxAttributes(Attributes):
    """Factor on the logits."""

    beta: float


def from_options(options: Options) -> SoftmaxAttributes:
    """Attributes from the fields of SoftmaxOptions."""
    return SoftmaxAttributes(beta=float(options.get("beta", 0.0)))


_LONGEST_ROW = 4095


def row_fits(graph: Graph, op: Op) -> str | None:
    """A row has at most 4095 elements.

    Beyond, the sum of exponentials can leave the 12 integer bits that TFLM gives it, which C leaves
    undefined (tensorflow/lite/kernels/internal/reference/softmax.h). Reduce the number of classes.
    """
    depth = graph.operand(op, 0).shape[-1]
    return None if depth <= _LONGEST_ROW else f"{depth} elements"


def fixed_output(graph: Graph, op: Op) -> str | None:
    """The output has scale 1/256 and zero point -128.

    Source: CalculateSoftmaxParams in tensorflow/lite/micro/kernels/softmax_common.cc. Convert the model
    again with a current converter.
    """
    quant = graph.result(op).quant
    if quant is None or (quant.scale == 1 / 256 and quant.zero_point == -128):
        return None
    return f"scale {quant.scale:g}, zero point {quant.zero_point}"


def scaled_logits(graph: Graph, op: Op) -> str | None:
    """The factor beta is finite and positive, and beta times the input's scale is above 2**-26.

    Source: PreprocessSoftmaxScaling in tensorflow/lite/kernels/internal/quantization_util.cc. Check the
    range of the logits in the representative dataset.
    """
    beta = attributes_of(op, SoftmaxAttributes).beta
    quant = graph.operand(op, 0).quant
    scale = quant.scale if quant else 1.0
    return None if math.isfinite(beta) and beta * scale > 2.0**-26 else f"beta {beta:g}, scale {scale:g}"


OPERATOR = Operator(
    kind="SOFTMAX",
    options="SoftmaxOptions",
    from_options=from_options,
    form=(
        operands(1),
        dtypes((INPUT, OUTPUT), (DType.INT8, DType.INT8)),
        rank(INPUT, 1, 4),
        quantized(INPUT, OUTPUT),
    ),
    rules=(row_fits, fixed_output, scaled_logits),
    infer=lambda graph, op: (graph.operand(op, 0).shape,),
)
