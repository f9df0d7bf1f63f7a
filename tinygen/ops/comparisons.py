"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinygen.ir import DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.operator import Operator

_ORDERED = (DType.INT8, DType.INT32, DType.INT64, DType.FLOAT32)

DTYPES: Mapping[str, tuple[DType, ...]] = MappingProxyType(
    {
        "EQUAL": (*_ORDERED, DType.BOOL),
        "NOT_EQUAL": (*_ORDERED, DType.BOOL),
        "LESS": _ORDERED,
        "LESS_EQUAL": _ORDERED,
        "GREATER": _ORDERED,
        "GREATER_EQUAL": _ORDERED,
    }
)
"""What can be compared. TFLM's GREATER also takes int16, but scales it by numbers that it never sets."""


def scales_below_one(graph: Graph, op: Op) -> str | None:
    """The scales of int8 inputs are below 1.

    Source: QuantizeMultiplierSmallerThanOneExp in tensorflow/lite/kernels/internal/quantization_util.cc.
    Check the ranges that the representative dataset produces.
    """
    inputs = (graph.operand(op, 0), graph.operand(op, 1))
    scales = [item.quant.scale for item in inputs if item.dtype is DType.INT8 and item.quant]
    return f"scale {max(scales):g}" if scales and max(scales) >= 1 else None


def _operator(kind: str) -> Operator:
    rules = (broadcast.shapes_broadcast, scales_below_one)
    return Operator(
        kind=kind, form=broadcast.predicate_form(DTYPES[kind]), rules=rules, infer=broadcast.infer
    )


OPERATORS = tuple(_operator(kind) for kind in DTYPES)
