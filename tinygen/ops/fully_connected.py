"""FULLY_CONNECTED."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes
from tinygen.ops.geometry import Activation


@dataclass(frozen=True)
class FullyConnectedAttributes(Attributes):
    """Fused activation, and whether the output keeps the input's outer dimensions."""

    activation: Activation
    keep_num_dims: bool = False
