"""MUL."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes
from tinygen.ops.geometry import Activation


@dataclass(frozen=True)
class MulAttributes(Attributes):
    """Fused activation."""

    activation: Activation
