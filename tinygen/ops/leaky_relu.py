"""LEAKY_RELU."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygen.ir import Attributes, Graph, Op
from tinygen.numerics.tables import Affine, leaky_relu_factors
from tinygen.ops.elementwise import FLOAT, INT8, INT16, elementwise
from tinygen.ops.operator import Options, attributes_of
from tinygen.ops.rules import factor_fits


@dataclass(frozen=True)
class LeakyReluAttributes(Attributes):
    """Slope below zero."""

    alpha: float


def from_options(options: Options) -> LeakyReluAttributes:
    """Attributes from the fields of LeakyReluOptions."""
    return LeakyReluAttributes(alpha=float(options.get("alpha", 0.0)))


def finite_slope(graph: Graph, op: Op) -> str | None:
    """The slope alpha is finite.

    Convert the model again with a finite slope.
    """
    alpha = attributes_of(op, LeakyReluAttributes).alpha
    return None if math.isfinite(alpha) else f"alpha {alpha}"


def largest_factor(graph: Graph, op: Op) -> float:
    """The larger magnitude of both sides' factors to the output's scale; 1 where there are no scales."""
    source, result = graph.operand(op, 0).quant, graph.result(op).quant
    alpha = attributes_of(op, LeakyReluAttributes).alpha
    if source is None or result is None or graph.operand(op, 0).dtype.is_float or not math.isfinite(alpha):
        return 1.0
    return max(map(abs, leaky_relu_factors(alpha, Affine(source.scale, 0), Affine(result.scale, 0))))


OPERATOR = elementwise(
    "LEAKY_RELU",
    INT8,
    INT16,
    FLOAT,
    symmetric=False,
    rules=(finite_slope, factor_fits(largest_factor)),
    options="LeakyReluOptions",
    from_options=from_options,
)
