"""VIEW: the input's bytes under another shape; made by passes from RESHAPE, SQUEEZE and EXPAND_DIMS."""

from __future__ import annotations

from tinygen.ir import Array, Graph, Op
from tinygen.ops.operator import Known, Operator
from tinygen.ops.rules import operands


def same_bytes(graph: Graph, op: Op) -> str | None:
    """Input and output have the same dtype and as many elements.

    Convert the model again: the file contradicts itself.
    """
    source, target = graph.operand(op, 0), graph.result(op)
    if source.dtype is target.dtype and source.elements == target.elements:
        return None
    return f"{source.dtype}{list(source.shape)} and {target.dtype}{list(target.shape)}"


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The first input's elements in the output's shape."""
    return None if known[0] is None else (known[0].reshape(graph.result(op).shape),)


OPERATOR = Operator(
    kind="VIEW",
    form=(operands(1),),
    rules=(same_bytes,),
    infer=lambda graph, op: (graph.result(op).shape,),
    evaluate=evaluate,
    internal=True,
)
