"""LOGICAL_AND and LOGICAL_OR."""

from __future__ import annotations

from tinygen.ir import DType
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator


def _operator(kind: str) -> Operator:
    return Operator(
        kind=kind,
        form=broadcast.form((DType.BOOL,)),
        rules=(broadcast.shapes_broadcast,),
        infer=broadcast.infer,
    )


OPERATORS = (_operator("LOGICAL_AND"), _operator("LOGICAL_OR"))
