"""Element-wise kernels of two operands with broadcasting: geometry, overlaps, constants.

A family has two C templates: tg_x_s8(input1, input2, output, params) for one loop, and
tg_x_broadcast_s8(input1, input2, output, nest, params) for nested ones; see firmware/kernels/nest.h.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tinygen.ir import Array, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Overlap,
    Parameter,
)
from tinygen.kernels.nest import Level, collapse, strides, table
from tinygen.kernels.operands import argument, at_run_time, stored
from tinygen.kernels.traversal import forward

_INSTRUCTIONS_A_ROW = 55
_NEST_CODE_BYTES = 190


def _levels(shape1: tuple[int, ...], shape2: tuple[int, ...], shape: tuple[int, ...]) -> list[Level]:
    """The loops over `shape`, with the steps of both operands, 0 where one is broadcast."""
    padded = [(1,) * (len(shape) - len(operand)) + operand for operand in (shape1, shape2)]
    operands = [(dims, strides(dims)) for dims in padded]
    return [
        Level(size, tuple(step[axis] if dims[axis] == size else 0 for dims, step in operands))
        for axis, size in enumerate(shape)
    ]


def _last_read(tensor: Tensor, result: Tensor) -> Array:
    """For each element of `tensor` the last element of `result` that is computed from it."""
    own = np.arange(tensor.elements).reshape(tensor.shape)
    last = np.full(tensor.elements, -1, np.int64)
    np.maximum.at(last, np.broadcast_to(own, result.shape).ravel(), np.arange(result.elements))
    return last


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
        loops = collapse(_levels(self.input1.shape, self.input2.shape, self.result.shape))
        object.__setattr__(self, "_loops", loops or [Level(1, (1, 1))])

    @property
    def levels(self) -> int:
        """Loops around the innermost one."""
        return len(self._loops) - 1

    def _parameters(self) -> tuple[Parameter, ...]:
        """size, step1, step2 (of the innermost loop) and levels (outer loops).

        The steps are 0 or 1 and worth an instance of their own: that of two dense operands is the fastest.
        """
        inner = self._loops[-1]
        steps = [Parameter(f"step{number}", step) for number, step in enumerate(inner.steps, 1)]
        levels = Parameter("levels", self.levels, specialize=self.levels == 0)
        return (*at_run_time(size=inner.extent), levels, *steps)

    def call(self, family: str, parameters: tuple[Parameter, ...]) -> Call:
        """The call of the portable `family`'s template with `parameters` besides those of the loops."""
        nest = (Argument("nest", ConstantPointer("nest")),) if self.levels else ()
        return Call(
            header=f"portable/{family}.h",
            function=f"tg_{family}_broadcast_s8" if self.levels else f"tg_{family}_s8",
            params=f"tg_{family}_params",
            arguments=(
                argument("input1", self.input1),
                argument("input2", self.input2),
                argument("output", self.result),
                *nest,
            ),
            parameters=(*self._parameters(), *parameters),
        )

    def constants(self) -> tuple[Constant, ...]:
        """The table of outer loops, if any, and the operands that are constants."""
        nest = Constant("nest", ConstantKind.CONSTANTS, lambda: table(self._loops[:-1]))
        operands = (*stored("input1", self.input1), *stored("input2", self.input2))
        return (nest, *operands) if self.levels else operands

    def cost(self, instructions: int, code_bytes: int) -> Cost:
        """The cost where an element takes `instructions` and an instance `code_bytes`."""
        rows = self.result.elements // self._loops[-1].extent
        total = self.result.elements * instructions + (rows - 1) * _INSTRUCTIONS_A_ROW
        nest_bytes = _NEST_CODE_BYTES + 12 * self.levels if self.levels else 0
        constants = [tensor for tensor in (self.input1, self.input2) if tensor.is_constant]
        return Cost(
            instructions=total,
            cycles=total * 5 // 4,
            flash=code_bytes + nest_bytes + sum(tensor.bytes for tensor in constants),
            reads=(2 - len(constants)) * self.result.elements,
            writes=self.result.bytes,
        )

    def overlaps(self) -> tuple[Overlap, ...]:
        """For each activation, of the traversal in the order of the output's elements."""
        tensors = {tensor.id: tensor for tensor in (self.input1, self.input2) if not tensor.is_constant}
        return tuple(
            Overlap(key, self.result.id, forward(_last_read(tensor, self.result)))
            for key, tensor in tensors.items()
        )
