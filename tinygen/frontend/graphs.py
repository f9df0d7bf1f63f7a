"""Makes the IR's graphs from the file's, and checks every op against its operator's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tinygen.frontend import flexbuffer
from tinygen.frontend.names import shortened
from tinygen.frontend.schema import DamagedError, RawGraph, RawOperator, RawTensor
from tinygen.frontend.tensors import make_tensor
from tinygen.ir import Attributes, Graph, GraphError, Op, Tensor, verify
from tinygen.ops.check import check, layer_name
from tinygen.ops.operator import FLEXBUFFER, Operator, Violation
from tinygen.ops.registry import operators
from tinygen.ops.resources import CallOnceAttributes

MAX_GRAPH = 1 << 16
"""Tensors or ops of one subgraph."""

MAX_TOTAL_ELEMENTS = 1 << 28
"""Of all tensors of a subgraph together."""


_TOLD_INSIDE = 20
"""Rules broken inside of a subgraph that the op which runs it tells."""

Made = tuple[Graph, Sequence[Violation]]
"""A graph, and the rules that its ops break."""


def make_graph(raw: RawGraph, *, main: bool, subgraphs: Mapping[int, Made]) -> Made:
    """The graph of a subgraph, and the rules that its ops break; also those broken by ops that these run.

    Args:
        raw: as decoded.
        main: whether it is the first subgraph, whose tensors the oracle can show.
        subgraphs: by index in the file, those that its ops name among them.

    Raises:
        DamagedError: where the subgraph makes no sense, whatever its ops compute.
    """
    _check_indices(raw)
    inputs = tuple(raw.inputs)
    computed = {*inputs, *(key for op in raw.operators for key in op.outputs)}
    used = computed.union(raw.outputs, (key for op in raw.operators for key in op.inputs if key >= 0))
    tensors = {
        index: make_tensor(index, tensor, main=main, computed=index in computed, given=index in inputs)
        for index, tensor in enumerate(_without_foreign_quantization(raw))
        if index in used
    }
    if sum(tensor.elements for tensor in tensors.values()) > MAX_TOTAL_ELEMENTS:
        raise DamagedError(f"its tensors have more than {MAX_TOTAL_ELEMENTS} elements together")

    known = operators()
    ops, faults, inside = [], [], []
    for index, item in enumerate(raw.operators):
        attributes, fault = _attributes(item, known)
        op = _op(index, item, _linked(attributes, subgraphs), tensors)
        run = [number for number in subgraph_indices(item) if number in subgraphs]
        ops.append(replace(op, subgraphs=tuple(subgraphs[number][0] for number in run)))
        faults.append(fault)
        inside.append([item for number in dict.fromkeys(run) for item in subgraphs[number][1][:_TOLD_INSIDE]])
    graph = Graph(raw.name, tensors, tuple(ops), inputs, tuple(raw.outputs))
    _check_order(graph)

    kinds = [_operator(item, known) for item in raw.operators]
    decoded = _with_decoded(graph, kinds)
    kept = {op.id for op in decoded.ops}
    violations: list[Violation] = []
    for op, operator, fault, others in zip(ops, kinds, faults, inside, strict=True):
        if fault:
            violations.append(Violation(op, layer_name(graph, op), *fault))
        elif operator is not None and op.id in kept:
            violations += check(operator, decoded, op)
        violations += [_from_inside(graph, op, violation) for violation in others]
    return decoded, violations


def subgraph_indices(raw: RawOperator) -> tuple[int, ...]:
    """Indices of the graphs that an op runs, as the file says."""
    operator = _operator(raw, operators())
    if operator is None or raw.table != operator.options:
        return ()
    return tuple(int(raw.options.get(name, 0)) for name in operator.subgraphs)


def _from_inside(graph: Graph, op: Op, violation: Violation) -> Violation:
    """A rule that is broken in a graph that `op` runs, as one that `op` breaks."""
    where = f"in its layer {shortened(violation.layer)} ({violation.op.kind[:60]})"
    return replace(violation, op=op, layer=layer_name(graph, op), found=f"{violation.found} {where}")


def _without_foreign_quantization(raw: RawGraph) -> list[RawTensor]:
    """The tensors; encoded ones are bytes, though compression leaves them the scales of the decoded."""
    known = operators()
    encoded: set[int] = set()
    for op in raw.operators:
        operator = _operator(op, known)
        if operator is not None and operator.decodes:
            encoded.update(op.inputs)
    return [replace(item, quant=None) if key in encoded else item for key, item in enumerate(raw.tensors)]


def _with_decoded(graph: Graph, kinds: Sequence[Operator | None]) -> Graph:
    """The graph with encoded constants decoded, but for those that cannot be: their rules tell why."""
    current = graph
    decoded: set[int] = set()
    for op, operator in zip(graph.ops, kinds, strict=True):
        if operator is None or not operator.decodes or operator.evaluate is None:
            continue
        if not check(operator, graph, op):
            values = operator.evaluate(graph, op, [graph.operand(op, i).data for i in range(len(op.inputs))])
            pairs = zip(op.outputs, values or (), strict=True)
            current = current.with_tensors(replace(current.tensors[key], data=data) for key, data in pairs)
            decoded.add(op.id)
    return current.with_ops(op for op in graph.ops if op.id not in decoded) if decoded else graph


def _op(index: int, raw: RawOperator, attributes: Attributes, tensors: Mapping[int, Tensor]) -> Op:
    operator = operators().get(raw.kind)
    changed = [raw.inputs[at] for at in (operator.updates if operator else ()) if at < len(raw.inputs)]
    changed += raw.outputs
    return Op(
        id=index,
        kind=raw.kind,
        inputs=tuple(None if key < 0 else key for key in raw.inputs),
        outputs=tuple(key for key in raw.outputs if not tensors[key].variable),
        attributes=attributes,
        sources=(index,),
        updates=tuple(key for key in dict.fromkeys(changed) if key >= 0 and tensors[key].variable),
    )


def _linked(attributes: Attributes, subgraphs: Mapping[int, Made]) -> Attributes:
    """The attributes with the subgraph that they name, where they do and there is one."""
    if not isinstance(attributes, CallOnceAttributes) or attributes.subgraph not in subgraphs:
        return attributes
    return replace(attributes, graph=subgraphs[attributes.subgraph][0])


def _operator(raw: RawOperator, known: Mapping[str, Operator]) -> Operator | None:
    operator = known.get(raw.kind)
    if operator is None or operator.internal or operator.custom is not raw.custom:
        return None
    return operator


def _options(raw: RawOperator, operator: Operator) -> Mapping[str, Any]:
    """What `operator.from_options` is given.

    Raises:
        ValueError: where custom options cannot be decoded.
    """
    if not operator.custom:
        return raw.options if raw.table == operator.options else {}
    if operator.options == FLEXBUFFER:
        return flexbuffer.fields(raw.custom_options)
    return {"custom_options": raw.custom_options}


def _attributes(
    raw: RawOperator, known: Mapping[str, Operator]
) -> tuple[Attributes, tuple[str, str, str] | None]:
    """Typed attributes; where they cannot be made, the rule, what there is instead, and what to do."""
    operator = _operator(raw, known)
    if operator is None:
        found = f"custom operator {raw.kind[:60]!r}" if raw.custom else raw.kind
        hint = "Build the layer from supported operators; `tinygen ops` lists them."
        if raw.custom:
            hint = "Bring the operator and its kernel as a package: docs/CUSTOM_OPS.md."
        return Attributes(), ("The operator is one that tinygen supports.", found, hint)
    try:
        return operator.from_options(_options(raw, operator)), None
    except ValueError as error:
        hint = "Convert the model again with a current converter."
        return Attributes(), ("The options have values that TFLM supports.", str(error), hint)


def _check_indices(raw: RawGraph) -> None:
    count = len(raw.tensors)
    if count > MAX_GRAPH or len(raw.operators) > MAX_GRAPH:
        raise DamagedError(f"a subgraph has {count} tensors and {len(raw.operators)} ops")
    read = [key for op in raw.operators for key in op.inputs if key != -1]
    named = [*raw.inputs, *raw.outputs, *read, *(key for op in raw.operators for key in op.outputs)]
    wrong = next((key for key in named if not 0 <= key < count), None)
    if wrong is not None:
        raise DamagedError(f"tensor {wrong} of {count} is named")
    twice = [key for key, times in Counter(raw.inputs).items() if times > 1]
    if twice:
        raise DamagedError(f"tensor {twice[0]} is an input twice")


def _check_order(graph: Graph) -> None:
    constant = [key for key in graph.inputs if graph.tensors[key].is_constant]
    if constant:
        raise DamagedError(f"input tensor {constant[0]} is a constant")
    try:
        verify(graph)
    except GraphError as error:
        faults = str(error).splitlines()
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise DamagedError("; ".join(faults[:3]) + more) from error
