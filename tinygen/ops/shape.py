"""SHAPE: the input's dimensions, which are known when the model is compiled."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.operator import Known, Operator
from tinygen.ops.rules import OUTPUT, dtypes, operands


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The dimensions, whatever the input's value."""
    return (np.asarray(graph.operand(op, 0).shape, np.int32),)


OPERATOR = Operator(
    kind="SHAPE",
    form=(operands(1), dtypes((OUTPUT,), (DType.INT32,))),
    infer=lambda graph, op: ((len(graph.operand(op, 0).shape),),),
    evaluate=evaluate,
)
