"""MEAN."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes


@dataclass(frozen=True)
class MeanAttributes(Attributes):
    """Whether reduced dimensions stay, with size 1."""

    keep_dims: bool
