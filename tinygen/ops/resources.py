"""Resource variables: which ops of a graph use which, and what set-up subgraphs leave in them.

A variable goes by its container and shared name; a graph gets a handle of it from VAR_HANDLE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op, Tensor
from tinygen.ops.operator import Rule, attributes_of
from tinygen.ops.rules import Test, stated

_CONVERT_AGAIN = "Convert the model again: the file contradicts itself."


@dataclass(frozen=True)
class VarHandleAttributes(Attributes):
    """Which variable a VAR_HANDLE is of."""

    container: str
    shared_name: str


@dataclass(frozen=True)
class CallOnceAttributes(Attributes):
    """The set-up of a CALL_ONCE.

    Attributes:
        subgraph: its index in the file.
        graph: the subgraph; None where the file has none of that index.
    """

    subgraph: int
    graph: Graph | None = None


DTYPES = (DType.BOOL, DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
"""What a variable may hold; TFLM copies bytes."""


def from_handle(graph: Graph, op: Op) -> str | None:
    """The variable's handle is that of a VAR_HANDLE in the same graph.

    Convert the model again with a current converter.
    """
    tensor = graph.operand(op, 0)
    producer = graph.producer(tensor.id)
    made_here = producer is not None and producer.kind == "VAR_HANDLE"
    return None if made_here else f"{tensor.dtype} {tensor.name[:60]!r}"


def resource(graph: Graph, op: Op) -> VarHandleAttributes:
    """The variable of a VAR_HANDLE, or of an op whose first input is a handle."""
    maker = op if op.kind == "VAR_HANDLE" else graph.producer(graph.operand(op, 0).id)
    if maker is None:
        raise ValueError(f"op {op.id} {op.kind} has a handle that no op makes")
    return attributes_of(maker, VarHandleAttributes)


def set_ups(graph: Graph) -> Iterator[Graph]:
    """The subgraphs that the CALL_ONCE ops of `graph` run, in order."""
    for op in graph.ops_of("CALL_ONCE"):
        subgraph = attributes_of(op, CallOnceAttributes).graph
        if subgraph is not None:
            yield subgraph


def _of_variable(graph: Graph, wanted: VarHandleAttributes) -> list[Op]:
    """The ops that read or assign a variable, in execution order."""
    makers = [op for op in graph.ops_of("VAR_HANDLE") if attributes_of(op, VarHandleAttributes) == wanted]
    users = {user.id: user for maker in makers for user in graph.consumers(maker.outputs[0])}
    return [users[key] for key in sorted(users)]


def _value(graph: Graph, op: Op) -> Tensor | None:
    """What a READ_VARIABLE gives or an ASSIGN_VARIABLE takes."""
    if op.kind == "READ_VARIABLE" and len(op.outputs) == 1:
        return graph.result(op)
    if op.kind == "ASSIGN_VARIABLE" and len(op.inputs) == 2:
        return graph.optional(op, 1)
    return None


def assigned(graph: Graph, wanted: VarHandleAttributes) -> list[Tensor]:
    """What is assigned to a variable: by `graph` first, then by its set-ups, as TFLM prepares them."""
    found = []
    for item in (graph, *set_ups(graph)):
        ops = [op for op in _of_variable(item, wanted) if op.kind == "ASSIGN_VARIABLE"]
        found += [value for op in ops if (value := _value(item, op)) is not None]
    return found


def _first_of(test: Test) -> Test:
    """A test of a variable, asked at the first of its handles only."""

    def tested(graph: Graph, op: Op) -> str | None:
        wanted = attributes_of(op, VarHandleAttributes)
        handles = graph.ops_of("VAR_HANDLE")
        first = next(other for other in handles if attributes_of(other, VarHandleAttributes) == wanted)
        return test(graph, op) if first is op else None

    return tested


def _is_assigned(graph: Graph, op: Op) -> str | None:
    wanted = attributes_of(op, VarHandleAttributes)
    return None if assigned(graph, wanted) else f"{wanted.shared_name[:60]!r} never assigned"


def _one_type(graph: Graph, op: Op) -> str | None:
    wanted = attributes_of(op, VarHandleAttributes)
    found = assigned(graph, wanted)
    found += [value for user in _of_variable(graph, wanted) if (value := _value(graph, user)) is not None]
    types = dict.fromkeys(f"{tensor.dtype} of {tensor.elements}" for tensor in found)
    return None if len(types) <= 1 else " and ".join(types)


is_assigned = stated(
    "The variable is assigned, here or by CALL_ONCE.",
    "Give the variable an initial value.",
    _first_of(_is_assigned),
)
one_type = stated(
    "All that is assigned to the variable or read from it has one dtype and one number of elements.",
    _CONVERT_AGAIN,
    _first_of(_one_type),
)


def initial_value(graph: Graph, wanted: VarHandleAttributes) -> Array:
    """What a variable holds when an inference first reads it, one-dimensional.

    A set-up leaves what it assigns last. Else it is every byte the first zero point of what is assigned
    (`MicroResourceVariables::Allocate` in tensorflow/lite/micro/micro_resource_variable.cc).

    Raises:
        ValueError: where nothing is assigned to it.
    """
    tensors = assigned(graph, wanted)
    if not tensors:
        raise ValueError(f"nothing is assigned to variable {wanted.shared_name!r}")
    for set_up in reversed(list(set_ups(graph))):
        for op in reversed(_of_variable(set_up, wanted)):
            value = _value(set_up, op)
            if value is not None and value.data is not None:
                return value.data.ravel()
    first = tensors[0]
    byte = np.uint8(first.quant.zero_points[0] & 0xFF if first.quant else 0)
    element = np.full(first.dtype.bytes, byte).view(first.dtype.numpy)
    return np.broadcast_to(element, (first.elements,))


def at_most(kind: str, number: int) -> Rule:
    """How many ops of a kind the graph may have."""

    def test(graph: Graph, op: Op) -> str | None:
        found = len(graph.ops_of(kind))
        return None if found <= number else f"{found} of them"

    return stated(f"The graph has at most {number} of them.", "Use fewer variables.", test)


def sets_constants(graph: Graph, op: Op) -> str | None:
    """The subgraph does nothing but assign constants to variables.

    Initialise the variables with values that do not depend on anything.
    """
    attributes = attributes_of(op, CallOnceAttributes)
    if attributes.graph is None:
        return f"no subgraph {attributes.subgraph}"
    return next(filter(None, (_set_up_fault(attributes.graph, item) for item in attributes.graph.ops)), None)


def _set_up_fault(graph: Graph, op: Op) -> str | None:
    if op.kind == "VAR_HANDLE" and len(op.outputs) == 1:
        return None
    if op.kind != "ASSIGN_VARIABLE":
        return f"op {op.id} {op.kind[:60]}"
    value = _value(graph, op)
    if value is None or value.data is None or from_handle(graph, op):
        return f"op {op.id} ASSIGN_VARIABLE of a value that is no constant"
    return None


def before_use(graph: Graph, op: Op) -> str | None:
    """It comes before every op that reads or assigns a variable.

    Call the initialisation first.
    """
    users: Sequence[Op] = (*graph.ops_of("READ_VARIABLE")[:1], *graph.ops_of("ASSIGN_VARIABLE")[:1])
    early = next((user for user in users if user.id < op.id), None)
    return None if early is None else f"op {early.id} {early.kind} before it"
