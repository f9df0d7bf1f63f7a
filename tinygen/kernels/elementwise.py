"""Candidates of kernels that go once through a tensor, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Op, Tensor
from tinygen.kernels.interface import Call, Candidate, Cost, Overlap
from tinygen.kernels.operands import argument, at_run_time, dense_activations
from tinygen.kernels.traversal import backward, forward


@dataclass(frozen=True)
class UnaryKernel:
    """A C template with the arguments (input, output, params), where params has a field `size`.

    Attributes:
        set: name of the kernel set.
        name: of the kernel, as in `Candidate`.
        header, function, params: as in `Call`.
        instructions: a Cortex-M4 executes for an element.
        code_bytes: of one instance there.
        reverse: goes from the last element to the first.
    """

    set: str
    name: str
    header: str
    function: str
    params: str
    instructions: int
    code_bytes: int
    reverse: bool = False

    def candidate(
        self, op: Op, source: Tensor, result: Tensor, values: Mapping[str, int | float]
    ) -> Candidate:
        """The candidate for `op`; `values` are the fields of the parameter struct other than `size`."""
        indices = np.arange(source.elements)
        sizes = source.dtype.bytes, result.dtype.bytes
        allowed = backward(indices, source.elements, *sizes) if self.reverse else forward(indices, *sizes)
        instructions = self.instructions * source.elements
        return Candidate(
            set=self.set,
            name=self.name,
            covers=(op.id,),
            operands=dense_activations((source, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=self.code_bytes,
                reads=source.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header=self.header,
                function=self.function,
                params=self.params,
                arguments=(argument("input", source), argument("output", result)),
                parameters=at_run_time(size=source.elements, **values),
            ),
            overlaps=(Overlap(source.id, result.id, allowed),),
        )
