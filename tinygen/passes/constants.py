"""Constant folding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from tinygen.ir import Array, Graph, Op
from tinygen.ops.operator import Operator
from tinygen.ops.registry import operators


@dataclass(frozen=True)
class FoldConstants:
    """Replaces ops whose values are known by those values, computed as TFLM would (`Operator.evaluate`).

    Known are the outputs of ops on constants, and of SHAPE, whose input's shape is enough: chains of
    SHAPE, STRIDED_SLICE and PACK that feed a RESHAPE become a constant. A folded tensor keeps its origin.

    Attributes:
        growth: bytes by which a folded op's outputs may exceed its constant inputs; what grows more is
            cheaper to compute than to store.
        operators: the operators that can be evaluated, by kind.
    """

    name: ClassVar[str] = "fold-constants"

    growth: int = 4096
    operators: Mapping[str, Operator] = field(default_factory=operators, repr=False)

    def apply(self, graph: Graph) -> Graph:
        """The graph with folded ops turned into constant tensors."""
        current = graph
        folded: set[int] = set()
        for op in graph.ops:
            values = self._evaluate(current, op)
            if values is not None:
                constants = (
                    replace(current.tensors[key], data=value)
                    for key, value in zip(op.outputs, values, strict=True)
                )
                current = current.with_tensors(constants)
                folded.add(op.id)
        return current.with_ops(op for op in graph.ops if op.id not in folded) if folded else graph

    def _evaluate(self, graph: Graph, op: Op) -> tuple[Array, ...] | None:
        """Values of the outputs of `op`, or None where it is not folded."""
        operator = self.operators.get(op.kind)
        if operator is None or operator.evaluate is None:
            return None
        known = [None if key is None else graph.tensors[key].data for key in op.inputs]
        made = sum(graph.tensors[key].bytes for key in op.outputs)
        if made > sum(values.nbytes for values in known if values is not None) + self.growth:
            return None
        return operator.evaluate(graph, op, known)
