"""SHAPE as a constant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from tinygen.ir import Graph


@dataclass(frozen=True)
class FoldShapes:
    """Replaces every SHAPE by a constant, whatever its input: all shapes are known.

    With constant folding after it, chains of SHAPE, STRIDED_SLICE and PACK that feed a RESHAPE disappear.
    """

    name: ClassVar[str] = "fold-shapes"

    def apply(self, graph: Graph) -> Graph:
        """The graph without SHAPE."""
        found = [op for op in graph.ops if op.kind == "SHAPE"]
        if not found:
            return graph
        constants = []
        for op in found:
            result = graph.result(op)
            shape = np.asarray(graph.operand(op, 0).shape, dtype=result.dtype.numpy)
            constants.append(replace(result, data=shape))
        return graph.with_tensors(constants).with_ops(op for op in graph.ops if op.kind != "SHAPE")
