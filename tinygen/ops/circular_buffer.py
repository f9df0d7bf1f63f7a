"""CIRCULAR_BUFFER, a custom operator of TFLM: the last rows that it was given, in a variable.

Input [1, 1, width, depth]; output [1, slots, width, depth], a variable: the oldest row leaves, the input
becomes the last one. Source: tensorflow/lite/micro/kernels/circular_buffer.cc and circular_buffer_common.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.operator import FLEXBUFFER, Operator, Options, attributes_of
from tinygen.ops.rules import INPUT, dtypes, rank

_EVERY_CYCLE = (5, 13, 25)
"""Numbers of slots that TFLM takes to mean one cycle where the file does not say how many."""


@dataclass(frozen=True)
class CircularBufferAttributes(Attributes):
    """Calls after which what follows is computed; 0 where the file does not say."""

    cycles: int


def from_options(options: Options) -> CircularBufferAttributes:
    """The attributes in the custom options."""
    cycles = options.get("cycles_max", 0)
    if not isinstance(cycles, int) or cycles < 0:
        raise ValueError(f"cycles_max {cycles}")
    return CircularBufferAttributes(cycles)


def keeps_output(graph: Graph, op: Op) -> str | None:
    """Has 1 input and 1 output, which is a variable.

    Convert the model again with a current converter.
    """
    if len(op.inputs) != 1 or op.inputs[0] is None or len(op.outputs) + len(op.updates) != 1:
        return f"inputs: {len(op.inputs)}, outputs: {len(op.outputs) + len(op.updates)}"
    return f"{graph.result(op).name[:60]!r} is none" if op.outputs else None


def rows_fit(graph: Graph, op: Op) -> str | None:
    """Input and output are [1, 1, width, depth] and [1, slots, width, depth] of int8.

    Give the model one step at a time.
    """
    source, state = graph.operand(op, 0).shape, graph.tensors[op.updates[0]]
    fits = len(state.shape) == 4 and state.dtype is DType.INT8 and state.shape[0] == 1
    if fits and source[:2] == (1, 1) and source[2:] == state.shape[2:]:
        return None
    return f"{list(source)} and {state.dtype}{list(state.shape)}"


def every_cycle(graph: Graph, op: Op) -> str | None:
    """What follows is computed in every call: cycles_max is 1.

    With more, TFLM ends most calls early and leaves the outputs as they were. Call a model without strides in
    time as often as it has something new.
    """
    cycles = attributes_of(op, CircularBufferAttributes).cycles
    if cycles == 0:
        cycles = 1 if graph.tensors[op.updates[0]].shape[1] in _EVERY_CYCLE else 2
    return None if cycles == 1 else f"cycles_max {cycles}"


OPERATOR = Operator(
    kind="CIRCULAR_BUFFER",
    custom=True,
    options=FLEXBUFFER,
    from_options=from_options,
    form=(keeps_output, dtypes((INPUT,), (DType.INT8,)), rank(INPUT, 4)),
    rules=(rows_fit, every_cycle),
    infer=lambda graph, op: (),
)
