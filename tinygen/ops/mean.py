"""MEAN over constant axes."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
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


@dataclass(frozen=True)
class MeanAttributes(Attributes):
    """Whether reduced dimensions stay, with size 1."""

    keep_dims: bool


def from_options(options: Options) -> MeanAttributes:
    """Attributes from the fields of ReducerOptions."""
    return MeanAttributes(keep_dims=bool(options.get("keep_dims", False)))


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


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with the reduced dimensions dropped or set to 1."""
    shape = graph.operand(op, 0).shape
    reduced = {axis % len(shape) for axis in axes(graph, op)}
    if attributes_of(op, MeanAttributes).keep_dims:
        return (tuple(1 if index in reduced else size for index, size in enumerate(shape)),)
    return (tuple(size for index, size in enumerate(shape) if index not in reduced),)


OPERATOR = Operator(
    kind="MEAN",
    options="ReducerOptions",
    from_options=from_options,
    form=(
        operands(2),
        dtypes((INPUT, AXES, OUTPUT), (DType.INT8, DType.INT32, DType.INT8)),
        rank(INPUT, 1, 4),
        rank(AXES, 0, 1),
        constant(AXES),
        quantized(INPUT, OUTPUT),
    ),
    rules=(axes_exist, factor_fits(scale_ratio)),
    infer=infer,
)
