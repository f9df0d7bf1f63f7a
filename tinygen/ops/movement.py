"""What operators that move elements share: dtypes, axes, and numbers given as constant operands."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.ops.operator import Rule
from tinygen.ops.rules import Operand, stated

ANY = (
    DType.INT8,
    DType.INT16,
    DType.INT32,
    DType.INT64,
    DType.UINT8,
    DType.UINT32,
    DType.FLOAT32,
    DType.BOOL,
)
"""Everything that an activation can be."""

NUMBERS = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)

INDICES = (DType.INT32, DType.INT64)
"""What begins, sizes and the like may be."""

CONTRADICTION = "Convert the model again: the file contradicts itself."


def numbers(graph: Graph, op: Op, index: int) -> tuple[int, ...]:
    """The integers of constant input `index`; none where it is computed."""
    data = graph.operand(op, index).data
    return () if data is None else tuple(int(value) for value in data.reshape(-1))


def one_number(operand: Operand) -> Rule:
    """A constant of a single element, such as an axis."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = operand.of(graph, op)
        return None if tensor is None or tensor.elements == 1 else f"{tensor.elements} numbers"

    return stated(f"The {operand.name} is one number.", CONTRADICTION, test)


def one_per_dimension(*lists: Operand, of: Operand) -> Rule:
    """Constants with one number for each dimension of the operand `of`."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = of.of(graph, op)
        dims = 0 if tensor is None else len(tensor.shape)
        counts = [found.elements for found in (item.of(graph, op) for item in lists) if found is not None]
        return None if counts == [dims] * len(lists) else f"{counts} numbers for {dims} dimensions"

    names = " and ".join(item.name for item in lists)
    verb = "has" if len(lists) == 1 else "have"
    return stated(f"The {names} {verb} one number for each dimension of the {of.name}.", CONTRADICTION, test)


def scale_and_zero_point(tensor: Tensor) -> tuple[float, int]:
    """As TFLM's TfLiteQuantizationParams holds them: zeros where there is no quantization."""
    quant = tensor.quant
    return (quant.scales[0], quant.zero_points[0]) if quant is not None and quant.scales else (0.0, 0)


def axis_fault(axis: int, dims: int) -> str | None:
    """What is wrong with an axis that may count from the end."""
    return None if -dims <= axis < dims else f"axis {axis} of {dims} dimensions"
