"""Well-formedness of a graph; run after the frontend and after every pass."""

from __future__ import annotations

from tinygen.ir.graph import Graph
from tinygen.ir.tensor import Tensor


class GraphError(ValueError):
    """A graph that breaks an invariant of the IR; always a defect of the pass or frontend that made it."""


def _tensor_faults(key: int, tensor: Tensor) -> list[str]:
    faults = []
    if tensor.id != key:
        faults.append(f"tensor {tensor.id} is filed under {key}")
    if any(size < 0 for size in tensor.shape):
        faults.append(f"tensor {key} has a negative dimension: {tensor.shape}")
    if tensor.data is not None and tensor.data.shape != tensor.shape:
        faults.append(f"tensor {key} holds data of shape {tensor.data.shape}, not {tensor.shape}")
    return faults + _variable_faults(key, tensor) + _quantization_faults(key, tensor)


def _variable_faults(key: int, tensor: Tensor) -> list[str]:
    faults = []
    if (tensor.initial is not None) is not tensor.variable:
        faults.append(f"tensor {key} is a variable without initial value, or has one and is none")
    if tensor.initial is not None and tensor.initial.shape != tensor.shape:
        faults.append(f"tensor {key} starts with a value of shape {tensor.initial.shape}, not {tensor.shape}")
    if tensor.variable and tensor.is_constant:
        faults.append(f"tensor {key} is both constant and variable")
    return faults


def _quantization_faults(key: int, tensor: Tensor) -> list[str]:
    faults = []
    quant = tensor.quant
    if quant is not None:
        if len(quant.scales) != len(quant.zero_points):
            faults.append(
                f"tensor {key} has {len(quant.scales)} scales, {len(quant.zero_points)} zero points"
            )
        if quant.per_channel and not (
            quant.axis < len(tensor.shape) and tensor.shape[quant.axis] == len(quant.scales)
        ):
            faults.append(
                f"tensor {key} has {len(quant.scales)} scales on axis {quant.axis} of {tensor.shape}"
            )
    return faults


def _op_faults(graph: Graph) -> tuple[set[int], list[str]]:
    """The tensors that have a value in the end, and what is wrong with the ops."""
    faults: list[str] = []
    defined = {key for key, tensor in graph.tensors.items() if tensor.is_constant or tensor.variable}
    defined.update(graph.inputs)
    seen: set[int] = set()
    for op in graph.ops:
        if op.id in seen:
            faults.append(f"op id {op.id} is used twice")
        seen.add(op.id)
        for read in op.inputs:
            if read is not None and read not in defined:
                faults.append(f"op {op.id} {op.kind} reads tensor {read} before it is written")
        for written in op.outputs:
            if written not in graph.tensors:
                faults.append(f"op {op.id} {op.kind} writes tensor {written}, which does not exist")
            elif written in defined:
                faults.append(f"op {op.id} {op.kind} writes tensor {written}, which has a value already")
            defined.add(written)
        for updated in op.updates:
            if updated not in graph.tensors or not graph.tensors[updated].variable:
                faults.append(f"op {op.id} {op.kind} updates tensor {updated}, which is no variable")
    return defined, faults


def verify(graph: Graph) -> None:
    """Check every invariant of `graph`.

    Names resolve, each tensor is written at most once and before it is read, constants and inputs are
    never written, only variables are updated, outputs are defined, ids are unique, data and quantization
    fit the shape.

    Raises:
        GraphError: with every fault found, one a line, those of graphs that ops run among them.
    """
    faults = _faults(graph)
    if faults:
        raise GraphError("\n".join(faults))


def _faults(graph: Graph) -> list[str]:
    faults: list[str] = []
    for key, tensor in graph.tensors.items():
        faults += _tensor_faults(key, tensor)

    defined, found = _op_faults(graph)
    faults += found
    faults += [f"input {key} does not exist" for key in graph.inputs if key not in graph.tensors]
    faults += [f"output {key} is never written" for key in graph.outputs if key not in defined]
    for op in graph.ops:
        for subgraph in op.subgraphs:
            faults += [f"op {op.id} {op.kind}, {subgraph.name!r}: {fault}" for fault in _faults(subgraph)]
    return faults
