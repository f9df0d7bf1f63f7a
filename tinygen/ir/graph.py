"""Graphs of ops: immutable, so that a pass is a function from one graph to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from tinygen.ir.tensor import Tensor


@dataclass(frozen=True)
class Attributes:
    """Base of every operator's typed attributes (tinygen/ops/<op>.py); ops without any use it as it is."""


@dataclass(frozen=True)
class Op:
    """One operation.

    Attributes:
        id: unique in its graph.
        kind: operator name as in TFLite's schema, such as "CONV_2D"; a custom op's own name.
        inputs: tensor ids in schema order; None for an optional input left out.
        outputs: tensor ids.
        attributes: the operator's typed attributes.
        sources: indices of the source model's ops that this op computes; fusing unites them.
        updates: ids of the variables that it changes in place; among `inputs` too where it reads them first.
        subgraphs: graphs that a control-flow op runs, with tensors of their own.
    """

    id: int
    kind: str
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    attributes: Attributes = field(default_factory=Attributes)
    sources: tuple[int, ...] = ()
    updates: tuple[int, ...] = ()
    subgraphs: tuple[Graph, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Ops in execution order over tensors.

    The order of ops that read or update one variable is that of the program: an op reads what the last
    update before it left, in this run or an earlier one.

    Attributes:
        name: the subgraph's name.
        tensors: by id.
        ops: in execution order.
        inputs: ids of the graph's inputs, in the model's order.
        outputs: ids of the graph's outputs, in the model's order.
    """

    name: str
    tensors: Mapping[int, Tensor]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @cached_property
    def _producers(self) -> Mapping[int, Op]:
        return {tensor: op for op in self.ops for tensor in op.outputs}

    @cached_property
    def _consumers(self) -> Mapping[int, tuple[Op, ...]]:
        users: dict[int, list[Op]] = {}
        for op in self.ops:
            for tensor in dict.fromkeys(op.inputs):
                if tensor is not None:
                    users.setdefault(tensor, []).append(op)
        return {tensor: tuple(ops) for tensor, ops in users.items()}

    @cached_property
    def _kinds(self) -> Mapping[str, tuple[Op, ...]]:
        kinds: dict[str, list[Op]] = {}
        for op in self.ops:
            kinds.setdefault(op.kind, []).append(op)
        return {kind: tuple(ops) for kind, ops in kinds.items()}

    def ops_of(self, kind: str) -> tuple[Op, ...]:
        """The ops of a kind, in execution order."""
        return self._kinds.get(kind, ())

    def producer(self, tensor: int) -> Op | None:
        """The op that writes `tensor`, or None for inputs and constants."""
        return self._producers.get(tensor)

    def consumers(self, tensor: int) -> tuple[Op, ...]:
        """The ops that read `tensor`, each once, in execution order."""
        return self._consumers.get(tensor, ())

    def operand(self, op: Op, index: int) -> Tensor:
        """The tensor of input `index` of `op`; IndexError where it was left out."""
        tensor = op.inputs[index]
        if tensor is None:
            raise IndexError(f"{op.kind} has no input {index}")
        return self.tensors[tensor]

    def optional(self, op: Op, index: int) -> Tensor | None:
        """The tensor of input `index` of `op`, or None where it was left out."""
        tensor = op.inputs[index] if index < len(op.inputs) else None
        return None if tensor is None else self.tensors[tensor]

    def result(self, op: Op, index: int = 0) -> Tensor:
        """The tensor of output `index` of `op`."""
        return self.tensors[op.outputs[index]]

    def layer_name(self, op: Op) -> str:
        """The model's name for what `op` computes: that of its first output, else of what it updates."""
        made = (*op.outputs, *op.updates)
        return self.tensors[made[0]].name if made else ""

    def with_ops(self, ops: Iterable[Op]) -> Self:
        """The graph with other ops; tensors that nothing names any more are dropped."""
        kept = tuple(ops)
        named = {*self.inputs, *self.outputs}
        for op in kept:
            named.update(tensor for tensor in op.inputs if tensor is not None)
            named.update(op.outputs, op.updates)
        tensors = {key: tensor for key, tensor in self.tensors.items() if key in named}
        return replace(self, ops=kept, tensors=tensors)

    def with_tensors(self, tensors: Iterable[Tensor]) -> Self:
        """The graph with some tensors added or replaced, by id."""
        return replace(self, tensors={**self.tensors, **{tensor.id: tensor for tensor in tensors}})

    @property
    def variables(self) -> tuple[Tensor, ...]:
        """The variables, by id."""
        return tuple(tensor for _, tensor in sorted(self.tensors.items()) if tensor.variable)

    @property
    def state_bytes(self) -> int:
        """Bytes of all variables."""
        return sum(tensor.bytes for tensor in self.variables)

    def fresh_tensor_id(self) -> int:
        """A tensor id that the graph does not use."""
        return max(self.tensors, default=-1) + 1


@dataclass(frozen=True)
class Model:
    """A source file: its subgraphs and its digest.

    Attributes:
        name: a C identifier made from the file's name.
        sha256: hex digest of the file.
        graphs: the subgraphs; the first one is run by an inference, others are named by control-flow ops.
    """

    name: str
    sha256: str
    graphs: tuple[Graph, ...]

    @property
    def main(self) -> Graph:
        """The graph that an inference runs."""
        return self.graphs[0]
