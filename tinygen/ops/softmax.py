"""SOFTMAX."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes


@dataclass(frozen=True)
class SoftmaxAttributes(Attributes):
    """Factor on the logits."""

    beta: float
