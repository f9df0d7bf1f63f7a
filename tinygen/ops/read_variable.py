"""READ_VARIABLE: the value that a variable has now."""

from __future__ import annotations

from tinygen.ops.operator import Operator
from tinygen.ops.resources import DTYPES, from_handle
from tinygen.ops.rules import OUTPUT, one_dtype, operands

OPERATOR = Operator(
    kind="READ_VARIABLE",
    form=(operands(1), from_handle, one_dtype((OUTPUT,), DTYPES)),
    infer=lambda graph, op: (graph.result(op).shape,),
)
