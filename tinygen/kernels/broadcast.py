"""Element-wise kernels of two operands with broadcasting: geometry, overlaps, constants.

For each element type a family has two C templates: tg_x_s8(input1, input2, output, params) for one loop, and
tg_x_broadcast_s8(input1, input2, output, nest, params) for nested ones; see firmware/kernels/nest.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tinygen.ir import Array, Op, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Overlap,
    Parameter,
    Refusal,
)
from tinygen.kernels.nest import Level, collapse, strides, table
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored, suffix
from tinygen.kernels.traversal import forward

_INSTRUCTIONS_A_ROW = 55
_NEST_CODE_BYTES = 190


def loops(shapes: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> list[Level]:
    """The fewest loops over `shape`, one at least, with each operand's steps: 0 where it is broadcast.

    Args:
        shapes: of the operands, which broadcast to `shape`.
        shape: of the result.
    """
    padded = [(1,) * (len(shape) - len(operand)) + operand for operand in shapes]
    operands = [(dims, strides(dims)) for dims in padded]
    levels = [
        Level(size, tuple(step[axis] if dims[axis] == size else 0 for dims, step in operands))
        for axis, size in enumerate(shape)
    ]
    return collapse(levels) or [Level(1, (1,) * len(shapes))]


def last_read(tensor: Tensor, result: Tensor) -> Array:
    """For each element of `tensor` the last element of `result` that is computed from it."""
    own = np.arange(tensor.elements).reshape(tensor.shape)
    last = np.full(tensor.elements, -1, np.int64)
    np.maximum.at(last, np.broadcast_to(own, result.shape).ravel(), np.arange(result.elements))
    return last


def overlaps(operands: Sequence[Tensor], result: Tensor) -> tuple[Overlap, ...]:
    """For each activation among `operands`, of the traversal in the order of the output's elements."""
    tensors = {tensor.id: tensor for tensor in operands if not tensor.is_constant}
    return tuple(
        Overlap(key, result.id, forward(last_read(tensor, result), tensor.dtype.bytes, result.dtype.bytes))
        for key, tensor in tensors.items()
    )


def refusal(op: Op, tensors: Sequence[Tensor], supported: str) -> Refusal:
    """That `op` takes and gives other dtypes than those of `tensors`, of which the last one is the result."""
    found = " and ".join(str(tensor.dtype) for tensor in tensors[:-1])
    return Refusal("portable", f"{op.kind} takes and gives {supported}", f"{found} to {tensors[-1].dtype}")


@dataclass(frozen=True)
class Template:
    """The C templates of a family for one element type.

    Attributes:
        family: name of the header.
        stem: of the functions' names, between tg_ and the suffix of the operands' dtype.
        params: name of the parameter struct.
        instructions: a Cortex-M4 executes for an element.
        code_bytes: of one instance of the single loop there.
    """

    family: str
    stem: str
    params: str
    instructions: int
    code_bytes: int


@dataclass(frozen=True)
class BinaryKernel:
    """What a call of two broadcast operands needs besides its arithmetic.

    Attributes:
        input1, input2: in the order of the C template.
        result: their broadcast shape.
    """

    input1: Tensor
    input2: Tensor
    result: Tensor
    _loops: list[Level] = field(init=False)

    def __post_init__(self) -> None:
        levels = loops((self.input1.shape, self.input2.shape), self.result.shape)
        object.__setattr__(self, "_loops", levels)

    @property
    def levels(self) -> int:
        """Loops around the innermost one."""
        return len(self._loops) - 1

    def candidate(self, op: Op, template: Template, parameters: tuple[Parameter, ...]) -> Candidate:
        """The candidate for `op`, with `parameters` besides those of the loops."""
        kind = suffix(self.input1.dtype)
        words = [op.kind.lower(), *([kind] if kind != "s8" else []), *(["broadcast"] if self.levels else [])]
        return Candidate(
            set="portable",
            name=" ".join(words),
            covers=(op.id,),
            operands=dense_activations((self.input1, self.input2, self.result)),
            cost=self._cost(template),
            call=self._call(template, kind, parameters),
            overlaps=overlaps((self.input1, self.input2), self.result),
            constants=self._constants(),
        )

    def _parameters(self) -> tuple[Parameter, ...]:
        """size, step1, step2 (of the innermost loop) and levels (outer loops).

        The steps are 0 or 1 and worth an instance of their own: that of two dense operands is the fastest.
        """
        inner = self._loops[-1]
        steps = [Parameter(f"step{number}", step) for number, step in enumerate(inner.steps, 1)]
        levels = Parameter("levels", self.levels, specialize=self.levels == 0)
        return (*at_run_time(size=inner.extent), levels, *steps)

    def _call(self, template: Template, kind: str, parameters: tuple[Parameter, ...]) -> Call:
        nest = (Argument("nest", ConstantPointer("nest")),) if self.levels else ()
        return Call(
            header=f"portable/{template.family}.h",
            function=f"tg_{template.stem}{'_broadcast' if self.levels else ''}_{kind}",
            params=template.params,
            arguments=(
                argument("input1", self.input1),
                argument("input2", self.input2),
                argument("output", self.result),
                *nest,
            ),
            parameters=(*self._parameters(), *parameters),
        )

    def _constants(self) -> tuple[Constant, ...]:
        """The table of outer loops, if any, and the operands that are constants."""
        nest = Constant("nest", ConstantKind.CONSTANTS, lambda: table(self._loops[:-1]))
        operands = (*stored("input1", self.input1), *stored("input2", self.input2))
        return (nest, *operands) if self.levels else operands

    def _cost(self, template: Template) -> Cost:
        rows = self.result.elements // self._loops[-1].extent
        total = self.result.elements * template.instructions + (rows - 1) * _INSTRUCTIONS_A_ROW
        nest_bytes = _NEST_CODE_BYTES + 12 * self.levels if self.levels else 0
        operands = (self.input1, self.input2)
        constants = [tensor for tensor in operands if tensor.is_constant]
        return Cost(
            instructions=total,
            cycles=total * 5 // 4,
            flash=template.code_bytes + nest_bytes + sum(tensor.bytes for tensor in constants),
            reads=self.result.elements * sum(item.dtype.bytes for item in operands if not item.is_constant),
            writes=self.result.bytes,
        )
