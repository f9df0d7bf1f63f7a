"""PACK."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes


@dataclass(frozen=True)
class PackAttributes(Attributes):
    """The new axis, negative counted from the end, and the number of inputs."""

    axis: int
    values_count: int
