"""Graphs built op by op, for passes and planning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinygen.ir import Attributes, DType, Graph, Op, Origin, Quantization, Tensor, verify

QUANT = Quantization((0.5,), (-3,))


class GraphBuilder:
    """Adds tensors and ops in order; ids count from 0 and are the tensors' origins."""

    def __init__(self, name: str = "main") -> None:
        self.name = name
        self.tensors: dict[int, Tensor] = {}
        self.ops: list[Op] = []
        self.inputs: list[int] = []

    def tensor(
        self,
        shape: Sequence[int],
        dtype: DType = DType.INT8,
        quant: Quantization | None = QUANT,
        data: np.ndarray | None = None,
        variable: bool = False,
    ) -> int:
        """A tensor nothing writes yet; dtypes other than int8 and int16 have no quantization."""
        key = len(self.tensors)
        if dtype not in (DType.INT8, DType.INT16):
            quant = None
        name = f"{'c' if data is not None else 't'}{key}"
        self.tensors[key] = Tensor(
            key, name, tuple(shape), dtype, quant, data, None if data is not None else Origin(key), variable
        )
        if variable:
            start = quant.zero_point if quant else 0
            initial = np.full(tuple(shape), start, dtype.numpy)
            self.tensors[key] = replace(self.tensors[key], origin=None, initial=initial)
        return key

    def input(self, shape: Sequence[int], dtype: DType = DType.INT8, quant: Quantization = QUANT) -> int:
        """An input of the graph."""
        key = self.tensor(shape, dtype, quant)
        self.inputs.append(key)
        return key

    def constant(self, values: object, dtype: DType = DType.INT32, quant: Quantization | None = QUANT) -> int:
        """A constant tensor."""
        data = np.asarray(values, dtype=dtype.numpy)
        return self.tensor(data.shape, dtype, quant, data)

    def op(
        self,
        kind: str,
        inputs: Sequence[int | None],
        shape: Sequence[int],
        attributes: Attributes | None = None,
        dtype: DType = DType.INT8,
        quant: Quantization | None = QUANT,
        updates: Sequence[int] = (),
    ) -> int:
        """An op with one output of that shape; returns the output."""
        output = self.tensor(shape, dtype, quant)
        self.op_into(kind, inputs, [output], attributes, updates)
        return output

    def op_into(
        self,
        kind: str,
        inputs: Sequence[int | None],
        outputs: Sequence[int],
        attributes: Attributes | None = None,
        updates: Sequence[int] = (),
    ) -> None:
        """An op that writes tensors and updates variables made before."""
        number = len(self.ops)
        inputs, outputs, updates = tuple(inputs), tuple(outputs), tuple(updates)
        self.ops.append(Op(number, kind, inputs, outputs, attributes or Attributes(), (number,), updates))

    def graph(self, *outputs: int) -> Graph:
        """The verified graph."""
        graph = Graph(self.name, self.tensors, tuple(self.ops), tuple(self.inputs), outputs)
        verify(graph)
        return graph
