"""Operators with kernels of their own that other packages bring: docs/CUSTOM_OPS.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.ir import Graph
from tinygen.kernels.interface import Call, Candidate, Family, Proposal, Refusal, Region
from tinygen.ops.operator import Operator
from tinygen.target import Target

SET = "custom"
"""Name of the kernel set that holds the kernels of all custom operators."""


@dataclass(frozen=True)
class CustomOperator:
    """An operator and the kernel that computes it.

    Attributes:
        operator: its rules and shapes.
        kernels: its kernel family.
        headers: folder of its C headers; `Call.header` is a path in there. They include the headers that
            tinygen ships as if both lay in one folder: `#include "../common.h"` from `mine/kernel.h`.
    """

    operator: Operator
    kernels: Family
    headers: Path

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        """The family's proposal, as one of the set "custom" with headers in `headers`."""
        proposal = self.kernels(region, graph, target)
        if isinstance(proposal, Refusal):
            return replace(proposal, set=SET)
        return [self._own(candidate) for candidate in proposal]

    def _own(self, candidate: Candidate) -> Candidate:
        if not isinstance(candidate.call, Call):
            return replace(candidate, set=SET)
        return replace(candidate, set=SET, call=replace(candidate.call, folder=self.headers))
