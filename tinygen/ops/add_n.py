"""ADD_N."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.ops.broadcast import MAX_RANK
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rules import INPUT, OUTPUT, factor_below_one, one_dtype, operands, quantized, rank

MOST_INPUTS = 8
"""TG_ADD_N_INPUTS of firmware/kernels/portable/add_n.h."""

DTYPES = (DType.INT8, DType.FLOAT32)


def _inputs(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.operand(op, position) for position in range(len(op.inputs))]


def rescale_factor(graph: Graph, op: Op) -> float:
    """From the sum, the inputs' scale less 19 bits, to the output's scale.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/add_n.cc.
    """
    quants = graph.operand(op, 0).quant, graph.result(op).quant
    source, target = (1.0 if quant is None else quant.scale for quant in quants)
    return 2.0 * source / ((1 << 20) * target)


def few_inputs(graph: Graph, op: Op) -> str | None:
    """No input is left out, and there are 8 at most.

    Add them in two layers.
    """
    count = len(op.inputs)
    return f"{count} inputs" if count > MOST_INPUTS or None in op.inputs else None


def inputs_alike(graph: Graph, op: Op) -> str | None:
    """The inputs have the same dtype, shape, scale and zero point.

    Convert the model again with a current converter.
    """
    first, *others = _inputs(graph, op)
    for item in others:
        if (item.dtype, item.shape) != (first.dtype, first.shape):
            return f"{first.dtype}{list(first.shape)} and {item.dtype}{list(item.shape)}"
        if first.dtype is DType.INT8 and item.quant != first.quant:
            return f"other scales for {first.name!r} and {item.name!r}"
    return None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The first input's shape."""
    return (graph.operand(op, 0).shape,)


OPERATOR = Operator(
    kind="ADD_N",
    form=(
        operands(2, unlimited=True),
        few_inputs,
        one_dtype((INPUT, OUTPUT), DTYPES),
        rank(INPUT, 0, MAX_RANK),
        quantized(INPUT, OUTPUT),
        inputs_alike,
    ),
    rules=(factor_below_one(rescale_factor),),
    infer=infer,
)
