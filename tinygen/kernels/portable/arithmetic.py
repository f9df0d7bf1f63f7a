"""Arithmetic on int32 and float32, and FLOOR_DIV and FLOOR_MOD: firmware/kernels/portable/arithmetic.h."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from tinygen.ir import DType, Graph, Op
from tinygen.kernels.broadcast import BinaryKernel, Template, refusal
from tinygen.kernels.interface import Candidate, Parameter, Proposal, Region
from tinygen.kernels.operands import specialized
from tinygen.numerics.quantize import plain_activation_range
from tinygen.target import Target

KINDS = ("FLOOR_DIV", "FLOOR_MOD")


class Operation(enum.IntEnum):
    """`enum tg_arithmetic` of the header."""

    SUM = 0
    DIFFERENCE = 1
    PRODUCT = 2
    QUOTIENT = 3
    SQUARED_DIFFERENCE = 4
    FLOOR_QUOTIENT = 5
    FLOOR_REMAINDER = 6


_OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "ADD": Operation.SUM,
        "SUB": Operation.DIFFERENCE,
        "MUL": Operation.PRODUCT,
        "DIV": Operation.QUOTIENT,
        "SQUARED_DIFFERENCE": Operation.SQUARED_DIFFERENCE,
        "FLOOR_DIV": Operation.FLOOR_QUOTIENT,
        "FLOOR_MOD": Operation.FLOOR_REMAINDER,
    }
)

_TEMPLATES: Mapping[DType, Template] = MappingProxyType(
    {
        DType.INT32: Template("arithmetic", "arithmetic", "tg_arithmetic_params", 8, 50),
        DType.FLOAT32: Template("arithmetic", "arithmetic", "tg_arithmetic_f32_params", 10, 88),
    }
)
"""Instructions with the FPU of a Cortex-M4F."""

_FLOOR_TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "FLOOR_DIV": Template("arithmetic", "arithmetic", "tg_arithmetic_f32_params", 710, 86),
        "FLOOR_MOD": Template("arithmetic", "arithmetic", "tg_arithmetic_f32_params", 90, 102),
    }
)
"""What divides in double, in software, and what calls the C library's fmodf."""


def _limits(op: Op, dtype: DType) -> tuple[Parameter, ...]:
    """The range that the fused activation leaves; that of the dtype where the op has none."""
    activation = getattr(op.attributes, "activation", None)
    low, high = plain_activation_range(activation.name if activation else "NONE", dtype.numpy)
    return specialized(lowest=low, highest=high)


def plain(op: Op, graph: Graph) -> Candidate | None:
    """The candidate for an op on numbers that stand for themselves, int32 or float32; None for others."""
    input1, input2, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    template = _TEMPLATES.get(result.dtype)
    if template is None or not input1.dtype is input2.dtype is result.dtype:
        return None
    template = _FLOOR_TEMPLATES.get(op.kind, template)
    parameters = (*specialized(operation=int(_OPERATIONS[op.kind])), *_limits(op, result.dtype))
    return BinaryKernel(input1, input2, result).candidate(op, template, parameters)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for float32 and any shapes that broadcast; over either operand where that is right."""
    (op,) = region
    tensors = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    candidate = plain(op, graph)
    if candidate is None or tensors[2].dtype is not DType.FLOAT32:
        return refusal(op, tensors, "float32 tensors")
    return [candidate]
