"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL over constant axes."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.broadcast import MAX_RANK
from tinygen.ops.operator import Operator, Options, Rule, Shape, attributes_of
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    Operand,
    constant,
    dtypes,
    factor_fits,
    operands,
    quantized,
    rank,
    scale_ratio,
)

AXES = Operand("axis list", 1)

SUMMED = (DType.INT8, DType.INT16, DType.FLOAT32)
COMPARED = (DType.INT8, DType.FLOAT32)


@dataclass(frozen=True)
class ReduceAttributes(Attributes):
    """Whether reduced dimensions stay, with size 1."""

    keep_dims: bool


def from_options(options: Options) -> ReduceAttributes:
    """Attributes from the fields of ReducerOptions."""
    return ReduceAttributes(keep_dims=bool(options.get("keep_dims", False)))


def axes(graph: Graph, op: Op) -> tuple[int, ...]:
    """The reduced axes as the file has them: negative ones count from the end, in any order."""
    data = graph.operand(op, 1).data
    return () if data is None else tuple(int(axis) for axis in data.reshape(-1))


def axes_exist(graph: Graph, op: Op) -> str | None:
    """The axes are dimensions of the input.

    Convert the model again: the file contradicts itself.
    """
    dims = len(graph.operand(op, 0).shape)
    wrong = [axis for axis in axes(graph, op) if not -dims <= axis < dims]
    return f"axis {wrong[0]} of {dims} dimensions" if wrong else None


def few_float_axes(graph: Graph, op: Op) -> str | None:
    """A MEAN of float32 names 4 axes at most.

    TFLM writes beyond its list of them otherwise. Reshape before the layer.
    """
    count = len(axes(graph, op))
    return f"{count} axes" if graph.operand(op, 0).dtype is DType.FLOAT32 and count > 4 else None


def same_int8_quantization(graph: Graph, op: Op) -> str | None:
    """Input and output of int8 have the same scale and zero point.

    Source: EvalMinMaxHelper in tensorflow/lite/micro/kernels/reduce_common.cc. Convert the model again with
    a current converter.
    """
    source, target = graph.operand(op, 0), graph.result(op)
    if source.dtype is not DType.INT8 or source.quant is None or target.quant is None:
        return None
    found = [(item.scale, item.zero_point) for item in (source.quant, target.quant)]
    return None if found[0] == found[1] else f"{found[0]} and {found[1]}"


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with the reduced dimensions dropped or set to 1."""
    shape = graph.operand(op, 0).shape
    reduced = {axis % len(shape) for axis in axes(graph, op)}
    if attributes_of(op, ReduceAttributes).keep_dims:
        return (tuple(1 if index in reduced else size for index, size in enumerate(shape)),)
    return (tuple(size for index, size in enumerate(shape) if index not in reduced),)


def _operator(kind: str, choices: tuple[DType, ...], *rules: Rule) -> Operator:
    scales = (quantized(INPUT, OUTPUT),) if DType.INT8 in choices else ()
    return Operator(
        kind=kind,
        options="ReducerOptions",
        from_options=from_options,
        form=(
            operands(2),
            dtypes((INPUT, AXES, OUTPUT), *[(dtype, DType.INT32, dtype) for dtype in choices]),
            rank(INPUT, 1, MAX_RANK),
            rank(AXES, 0, 1),
            constant(AXES),
            *scales,
        ),
        rules=(axes_exist, *rules),
        infer=infer,
    )


OPERATORS = (
    _operator("MEAN", SUMMED, factor_fits(scale_ratio), few_float_axes),
    _operator("SUM", SUMMED, factor_fits(scale_ratio)),
    _operator("REDUCE_MAX", COMPARED, same_int8_quantization),
    _operator("REDUCE_MIN", COMPARED, same_int8_quantization),
    _operator("REDUCE_ALL", (DType.BOOL,)),
)
