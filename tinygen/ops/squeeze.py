"""SQUEEZE."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes


@dataclass(frozen=True)
class SqueezeAttributes(Attributes):
    """Dimensions to drop, negative ones counted from the end; empty for all of size 1."""

    squeeze_dims: tuple[int, ...]
