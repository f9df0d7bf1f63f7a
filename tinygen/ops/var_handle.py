"""VAR_HANDLE: the handle of a variable; gone once the variable is a tensor of the graph."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op
from tinygen.ops.operator import Operator, Options
from tinygen.ops.resources import VarHandleAttributes, at_most, is_assigned, one_type
from tinygen.ops.rules import operands

MAX_HANDLES = 256
"""Handles of one graph; streaming models have some tens."""


def gives_handle(graph: Graph, op: Op) -> str | None:
    """The output is a handle (resource).

    Convert the model again with a current converter.
    """
    tensor = graph.result(op)
    return None if tensor.dtype is DType.RESOURCE else str(tensor.dtype)


def from_options(options: Options) -> VarHandleAttributes:
    """The attributes in VarHandleOptions; a name that the file leaves out is empty."""
    return VarHandleAttributes(options.get("container") or "", options.get("shared_name") or "")


OPERATOR = Operator(
    kind="VAR_HANDLE",
    options="VarHandleOptions",
    from_options=from_options,
    form=(operands(0), gives_handle, at_most("VAR_HANDLE", MAX_HANDLES)),
    rules=(is_assigned, one_type),
    infer=lambda graph, op: (graph.result(op).shape,),
)
