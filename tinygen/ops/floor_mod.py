"""FLOOR_MOD of float32."""

from __future__ import annotations

from tinygen.ir import DType
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator

OPERATOR = Operator(
    kind="FLOOR_MOD",
    form=broadcast.form((DType.FLOAT32,)),
    rules=(broadcast.shapes_broadcast,),
    infer=broadcast.infer,
)
