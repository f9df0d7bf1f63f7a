"""RELU and RELU6 as layers of their own; RELU rescales to the output, RELU6 clamps only (as TFLM does)."""

from __future__ import annotations

from tinygen.ops.elementwise import FLOAT, INT8, INT16, elementwise
from tinygen.ops.rules import factor_fits, scale_ratio

OPERATORS = tuple(
    elementwise(kind, INT8, INT16, FLOAT, rules=(factor_fits(scale_ratio),)) for kind in ("RELU", "RELU6")
)
