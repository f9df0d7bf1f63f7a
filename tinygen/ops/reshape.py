"""RESHAPE: like TFLM, takes the output tensor's own shape for the new one."""

from __future__ import annotations

from tinygen.ops.movement import ANY
from tinygen.ops.operator import Operator
from tinygen.ops.rules import INPUT, OUTPUT, one_dtype, operands
from tinygen.ops.view import evaluate, same_bytes

OPERATOR = Operator(
    kind="RESHAPE",
    form=(operands(1, 2), one_dtype((INPUT, OUTPUT), ANY)),
    rules=(same_bytes,),
    infer=lambda graph, op: (graph.result(op).shape,),
    evaluate=evaluate,
)
