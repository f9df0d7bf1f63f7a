"""RESHAPE: like TFLM, takes the output tensor's own shape for the new one."""

from __future__ import annotations

from tinygen.ir import DType
from tinygen.ops.operator import Operator
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands
from tinygen.ops.view import evaluate, same_bytes

VIEWED = ((DType.INT8, DType.INT8), (DType.INT32, DType.INT32), (DType.FLOAT32, DType.FLOAT32))
"""(input, output) dtypes of operators that only change the shape."""

OPERATOR = Operator(
    kind="RESHAPE",
    form=(operands(1, 2), dtypes((INPUT, OUTPUT), *VIEWED)),
    rules=(same_bytes,),
    infer=lambda graph, op: (graph.result(op).shape,),
    evaluate=evaluate,
)
