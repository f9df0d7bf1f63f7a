"""Constant folding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from tinygen.ir import Array, Graph, Op, Tensor
from tinygen.ops.operator import Operator
from tinygen.ops.registry import operators


@dataclass(frozen=True)
class FoldConstants:
    """Computes ops whose inputs are all constant, as TFLM would (`Operator.evaluate`).

    Attributes:
        growth: bytes by which a folded op's outputs may exceed its inputs; what grows more is cheaper to
            compute than to store.
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
                    replace(current.tensors[key], data=value.reshape(current.tensors[key].shape))
                    for key, value in zip(op.outputs, values, strict=True)
                )
                current = current.with_tensors(constants)
                folded.add(op.id)
        return current.with_ops(op for op in graph.ops if op.id not in folded) if folded else graph

    def _evaluate(self, graph: Graph, op: Op) -> tuple[Array, ...] | None:
        """Values of the outputs of `op`, or None where it is not folded."""
        operator = self.operators.get(op.kind)
        inputs = [None if key is None else graph.tensors[key] for key in op.inputs]
        given = [tensor for tensor in inputs if tensor is not None]
        if operator is None or operator.evaluate is None or not given:
            return None
        if not all(tensor.is_constant for tensor in given):
            return None
        made = sum(graph.tensors[key].bytes for key in op.outputs)
        if made > sum(tensor.bytes for tensor in given) + self.growth:
            return None
        return operator.evaluate(graph, op, [_value(tensor) for tensor in inputs])


def _value(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else tensor.data
