"""IF and WHILE: ops that run other graphs of the file, whose tensors have shapes known at compile time.

TFLM copies the bytes of operands to the inputs of a subgraph and those of its outputs to the op's.
Source: tensorflow/lite/micro/kernels/{if,while}.cc.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from tinygen.ir import DType, Graph, Op, Tensor, format_type
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rules import enumerate_names

_DTYPES = (DType.BOOL, DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def has_subgraphs(graph: Graph, op: Op) -> str | None:
    """It has inputs and outputs, and the file has its two subgraphs, which are not the main one.

    Convert the model again: the file contradicts itself.
    """
    complete = op.inputs and op.outputs and None not in op.inputs
    if not complete:
        return f"inputs: {len(op.inputs)}, outputs: {len(op.outputs)}"
    return None if len(op.subgraphs) == 2 else "a subgraph that there is not"


def copied_dtypes(graph: Graph, op: Op) -> str | None:
    """Inputs and outputs hold bool, int8, uint8, int16, int32, int64 or float32.

    Use one of these between the layers.
    """
    tensors = [graph.tensors[key] for key in (*op.inputs, *op.outputs) if key is not None]
    wrong = [tensor for tensor in tensors if tensor.dtype not in _DTYPES]
    return format_type(wrong[0]) if wrong else None


def stateless(graph: Graph, op: Op) -> str | None:
    """The subgraphs have no variables.

    Keep state outside of branches and loops.
    """
    for subgraph in op.subgraphs:
        found = [tensor for tensor in subgraph.tensors.values() if tensor.variable]
        found += [tensor for tensor in subgraph.tensors.values() if tensor.dtype is DType.RESOURCE]
        if found:
            return f"variable {found[0].name[:60]!r} in {subgraph.name[:60]!r}"
    return None


def is_condition(tensor: Tensor) -> bool:
    """Whether the tensor is one bool."""
    return tensor.dtype is DType.BOOL and tensor.elements == 1


def _operands(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.tensors[key] for key in op.inputs if key is not None]


def _results(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.tensors[key] for key in op.outputs]


def _inputs(graph: Graph) -> list[Tensor]:
    return [graph.tensors[key] for key in graph.inputs]


def _outputs(graph: Graph) -> list[Tensor]:
    return [graph.tensors[key] for key in graph.outputs]


def _alike(one: Sequence[Tensor], other: Sequence[Tensor]) -> str | None:
    """What differs between the dtypes and shapes of two lists of tensors."""
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} tensors"
    for left, right in zip(one, other, strict=True):
        if (left.dtype, left.shape) != (right.dtype, right.shape):
            return enumerate_names([f"{item.dtype}{list(item.shape)}" for item in (left, right)])
    return None


def _first(faults: Sequence[str | None]) -> str | None:
    return next(chain(filter(None, faults), [None]))


def chooses(graph: Graph, op: Op) -> str | None:
    """The first input is one bool.

    Reduce the condition to a single value.
    """
    condition = graph.operand(op, 0)
    return None if is_condition(condition) else format_type(condition)


def branches_fit(graph: Graph, op: Op) -> str | None:
    """Both branches take the dtypes and shapes of the other inputs, and give those of the outputs.

    Give both branches the same fixed shapes.
    """
    given, wanted = _operands(graph, op)[1:], _results(graph, op)
    inputs = [_alike(given, _inputs(branch)) for branch in op.subgraphs]
    return _first([*inputs, *(_alike(wanted, _outputs(branch)) for branch in op.subgraphs)])


def decides(graph: Graph, op: Op) -> str | None:
    """The condition gives one bool.

    Reduce the condition to a single value.
    """
    found = _outputs(op.subgraphs[0])
    if len(found) == 1 and is_condition(found[0]):
        return None
    return " and ".join(map(format_type, found)) or "no output"


def loop_fits(graph: Graph, op: Op) -> str | None:
    """Condition and body take the dtypes and shapes of the inputs, which are those of body and outputs, too.

    Give the loop's variables fixed shapes that do not change.
    """
    given = _operands(graph, op)
    taken = (_inputs(op.subgraphs[0]), _inputs(op.subgraphs[1]), _outputs(op.subgraphs[1]))
    return _first([_alike(given, tensors) for tensors in (*taken, _results(graph, op))])


def shapes(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Those of the last subgraph's outputs."""
    return tuple(tensor.shape for tensor in _outputs(op.subgraphs[-1]))


OPERATORS = (
    Operator(
        kind="IF",
        options="IfOptions",
        subgraphs=("then_subgraph_index", "else_subgraph_index"),
        form=(has_subgraphs, copied_dtypes),
        rules=(chooses, branches_fit, stateless),
        infer=shapes,
    ),
    Operator(
        kind="WHILE",
        options="WhileOptions",
        subgraphs=("cond_subgraph_index", "body_subgraph_index"),
        form=(has_subgraphs, copied_dtypes),
        rules=(decides, loop_fits, stateless),
        infer=shapes,
    ),
)
