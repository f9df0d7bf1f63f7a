"""RELU and RELU6 as layers of their own; RELU rescales to the output, RELU6 clamps only (as TFLM does)."""

from __future__ import annotations

from tinygen.ir import DType
from tinygen.ops.operator import Operator
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, factor_fits, operands, quantized, rank, scale_ratio


def _clamp(kind: str) -> Operator:
    return Operator(
        kind=kind,
        form=(
            operands(1),
            dtypes((INPUT, OUTPUT), (DType.INT8, DType.INT8)),
            rank(INPUT, 0, 8),
            quantized(INPUT, OUTPUT),
        ),
        rules=(factor_fits(scale_ratio),),
        infer=lambda graph, op: (graph.operand(op, 0).shape,),
    )


OPERATORS = (_clamp("RELU"), _clamp("RELU6"))
