"""Resource variables as tensors of the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tinygen.ir import Attributes, Graph, Op, Tensor
from tinygen.ops.operator import attributes_of
from tinygen.ops.resources import VarHandleAttributes, assigned, initial_value, resource

_READ, _ASSIGN = "READ_VARIABLE", "ASSIGN_VARIABLE"


@dataclass(frozen=True)
class ResolveVariables:
    """Replaces handles of variables by variable tensors, which start with what CALL_ONCE leaves in them.

    READ_VARIABLE becomes a VIEW of the variable: planning reads it in place where nothing changes it before
    the last use of the value, else copies it. ASSIGN_VARIABLE becomes ASSIGN. A variable that no inference
    assigns is a constant, and what is assigned to one that nothing reads is dropped.
    """

    name: ClassVar[str] = "resolve-variables"

    def apply(self, graph: Graph) -> Graph:
        """The graph without VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE."""
        if not (graph.ops_of("VAR_HANDLE") or graph.ops_of("CALL_ONCE")):
            return graph
        states = _states(graph)
        known = graph.with_tensors(states.values())
        ops = (_resolved(graph, op, states) for op in graph.ops)
        return known.with_ops(op for op in ops if op is not None)


def _states(graph: Graph) -> dict[VarHandleAttributes, Tensor]:
    """A tensor for each variable that is read: variable where it is assigned too, else constant."""
    read = {resource(graph, op) for op in graph.ops_of(_READ)}
    changed = {resource(graph, op) for op in graph.ops_of(_ASSIGN)}
    used = dict.fromkeys(attributes_of(op, VarHandleAttributes) for op in graph.ops_of("VAR_HANDLE"))
    first = graph.fresh_tensor_id()
    return {
        wanted: _state(graph, wanted, first + number, variable=wanted in changed)
        for number, wanted in enumerate(item for item in used if item in read)
    }


def _state(graph: Graph, wanted: VarHandleAttributes, key: int, *, variable: bool) -> Tensor:
    like = assigned(graph, wanted)[0]
    value = initial_value(graph, wanted).reshape(like.shape)
    return replace(
        like,
        id=key,
        name=wanted.shared_name or wanted.container or like.name,
        data=None if variable else value,
        origin=None,
        variable=variable,
        initial=value if variable else None,
    )


def _resolved(graph: Graph, op: Op, states: dict[VarHandleAttributes, Tensor]) -> Op | None:
    if op.kind in ("VAR_HANDLE", "CALL_ONCE"):
        return None
    if op.kind == _READ:
        state = states[resource(graph, op)]
        return replace(op, kind="VIEW", inputs=(state.id,), attributes=Attributes())
    if op.kind == _ASSIGN:
        found = states.get(resource(graph, op))
        if found is None:
            return None
        return replace(op, kind="ASSIGN", inputs=op.inputs[1:], attributes=Attributes(), updates=(found.id,))
    return op
