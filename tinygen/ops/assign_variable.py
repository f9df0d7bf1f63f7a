"""ASSIGN_VARIABLE: a new value for a variable, read from now on and by the next inference."""

from __future__ import annotations

from tinygen.ops.operator import Operator
from tinygen.ops.resources import DTYPES, from_handle
from tinygen.ops.rules import Operand, one_dtype, operands

OPERATOR = Operator(
    kind="ASSIGN_VARIABLE",
    form=(operands(2, outputs=0), from_handle, one_dtype((Operand("value", 1),), DTYPES)),
    infer=lambda graph, op: (),
)
