"""JOIN: rows beside each other in the rows of the output; made by passes from CONCATENATION and PACK.

Inputs [rows, n_i], output: rows of the sum of all n_i elements, under any shape.
"""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.operator import Operator
from tinygen.ops.rules import operands


def rows_fit(graph: Graph, op: Op) -> str | None:
    """The inputs have equally many rows, and together the output's elements and dtype.

    Made by passes only: report the model.
    """
    result = graph.result(op)
    tensors = [graph.tensors[key] for key in op.inputs if key is not None]
    alike = all(item.dtype is result.dtype and len(item.shape) == 2 for item in tensors)
    fits = alike and len({item.shape[0] for item in tensors}) == 1
    if fits and len(tensors) == len(op.inputs) and sum(item.elements for item in tensors) == result.elements:
        return None
    return f"{[list(item.shape) for item in tensors]} and {list(result.shape)}"


OPERATOR = Operator(
    kind="JOIN",
    form=(operands(1, unlimited=True),),
    rules=(rows_fit,),
    infer=lambda graph, op: (graph.result(op).shape,),
    internal=True,
)
