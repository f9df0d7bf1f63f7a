"""ASSIGN: puts a value into a variable of the graph; made by passes from ASSIGN_VARIABLE."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.operator import Operator
from tinygen.ops.rules import operands


def updates_one(graph: Graph, op: Op) -> str | None:
    """Updates one variable of the value's dtype and number of elements.

    Convert the model again: the file contradicts itself.
    """
    value = graph.operand(op, 0)
    states = [graph.tensors[key] for key in op.updates]
    fits = len(states) == 1 and (states[0].dtype, states[0].elements) == (value.dtype, value.elements)
    return None if fits else f"{len(states)} variables for {value.dtype}{list(value.shape)}"


OPERATOR = Operator(
    kind="ASSIGN",
    form=(operands(1, outputs=0), updates_one),
    infer=lambda graph, op: (),
    internal=True,
)
