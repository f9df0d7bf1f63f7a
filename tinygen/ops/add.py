"""ADD."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes
from tinygen.ops.geometry import Activation


@dataclass(frozen=True)
class AddAttributes(Attributes):
    """Fused activation."""

    activation: Activation
