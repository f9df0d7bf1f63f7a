"""What a pass is."""

from __future__ import annotations

from typing import Protocol

from tinygen.ir import Graph, Tensor


class Pass(Protocol):
    """A rewrite that keeps what the graph computes.

    Implementations are frozen dataclasses, one per module; the docstring is the contract: what is
    rewritten, when, and why the results stay the same bit for bit.
    """

    @property
    def name(self) -> str:
        """Lower case, words joined by hyphens."""

    def apply(self, graph: Graph) -> Graph:
        """The rewritten graph; the same object where there was nothing to do."""


def same_values(first: Tensor, second: Tensor) -> bool:
    """Whether equal bits in two tensors mean equal real values: same dtype, scales and zero points."""
    if first.quant is None or second.quant is None:
        return first.dtype is second.dtype and first.quant is second.quant
    scales = first.quant.scales == second.quant.scales
    return first.dtype is second.dtype and scales and first.quant.zero_points == second.quant.zero_points


def only_consumer(graph: Graph, tensor: int) -> bool:
    """Whether a single op reads `tensor` and it is not an output of the graph."""
    return len(graph.consumers(tensor)) == 1 and tensor not in graph.outputs


def fresh_op_id(graph: Graph) -> int:
    """An op id above all that the graph uses."""
    return max((op.id for op in graph.ops), default=-1) + 1
