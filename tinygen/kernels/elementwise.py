"""Candidates of kernels from one tensor to another of the same shape, in the order of its elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tinygen.ir import Op, Tensor
from tinygen.kernels.interface import Argument, Call, Candidate, Constant, ConstantPointer, Cost, Overlap
from tinygen.kernels.operands import argument, at_run_time, dense_activations, specialized
from tinygen.kernels.traversal import backward, forward

Fields = Mapping[str, int | float]
"""Fields of a parameter struct."""

_NONE: Fields = MappingProxyType({})


def libm_bound(ulps: int) -> str:
    """The proof of a kernel that calls libm, whose results differ between C libraries.

    Args:
        ulps: units in the last place that an element is away from TFLM's at most, where each library's
            exponentials, logarithms, sines and cosines are within one of the exact value.
    """
    return f"libm: within {ulps} ULP of TFLM, the same bits where the C library is TFLM's"


@dataclass(frozen=True)
class UnaryKernel:
    """A C template with the arguments (input, output, constants…, params).

    It writes the output's elements in memory order, each one after the last read of the input's element of
    the same index.

    Attributes:
        set: name of the kernel set.
        name: of the kernel, as in `Candidate`.
        header, function, params: as in `Call`.
        instructions: a Cortex-M4 executes for an element.
        code_bytes: of one instance there.
        constant_bytes: of the constants it takes.
        reverse: goes from the last element to the first.
        rows: params has fields `rows` and `depth`, of the last axis, where others have `size`.
        row_instructions: it executes for a row besides.
        passes: how often it reads an element.
        proof: as in `Candidate`.
    """

    set: str
    name: str
    header: str
    function: str
    params: str
    instructions: int
    code_bytes: int
    constant_bytes: int = 0
    reverse: bool = False
    rows: bool = False
    row_instructions: int = 0
    passes: int = 1
    proof: str = ""

    def candidate(
        self,
        op: Op,
        source: Tensor,
        result: Tensor,
        values: Fields = _NONE,
        *,
        fixed: Fields = _NONE,
        constants: Sequence[Constant] = (),
    ) -> Candidate:
        """The candidate for `op`.

        Args:
            op: the op.
            source: its input.
            result: its output.
            values: run-time fields of the parameter struct other than its size.
            fixed: further fields, which are constants of the instance.
            constants: arrays that the template takes after the output.
        """
        indices = np.arange(source.elements)
        sizes = source.dtype.bytes, result.dtype.bytes
        allowed = backward(indices, source.elements, *sizes) if self.reverse else forward(indices, *sizes)
        depth = source.shape[-1] if self.rows else source.elements
        rows = source.elements // depth
        geometry = {"rows": rows, "depth": depth} if self.rows else {"size": depth}
        instructions = self.instructions * source.elements + self.row_instructions * rows
        pointers = [Argument(constant.name, ConstantPointer(constant.name)) for constant in constants]
        return Candidate(
            set=self.set,
            name=self.name,
            covers=(op.id,),
            operands=dense_activations((source, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=self.code_bytes + self.constant_bytes,
                reads=self.passes * source.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header=self.header,
                function=self.function,
                params=self.params,
                arguments=(argument("input", source), argument("output", result), *pointers),
                parameters=(*at_run_time(**geometry, **values), *specialized(**fixed)),
            ),
            overlaps=(Overlap(source.id, result.id, allowed),),
            constants=tuple(constants),
            proof=self.proof,
        )
