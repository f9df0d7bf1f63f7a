"""DEQUANTIZE: integers to float32."""

from __future__ import annotations

from tinygen.ir import Array, DType, Graph, Op
from tinygen.numerics import quantize as affine
from tinygen.ops.elementwise import input_shape
from tinygen.ops.operator import Known, Operator
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The constant as real values."""
    quant = graph.operand(op, 0).quant
    if known[0] is None or quant is None:
        return None
    return (affine.dequantize(known[0], quant.scale, quant.zero_point),)


OPERATOR = Operator(
    kind="DEQUANTIZE",
    form=(
        operands(1),
        dtypes(
            (INPUT, OUTPUT), *((dtype, DType.FLOAT32) for dtype in (DType.INT8, DType.UINT8, DType.INT16))
        ),
        rank(INPUT, 0, 8),
        quantized(INPUT),
    ),
    infer=input_shape,
    evaluate=evaluate,
)
