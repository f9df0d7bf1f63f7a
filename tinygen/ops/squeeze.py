"""SQUEEZE: drops dimensions of size 1."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, Graph, Op
from tinygen.ops.movement import ANY
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import INPUT, OUTPUT, one_dtype, operands, rank
from tinygen.ops.view import evaluate


@dataclass(frozen=True)
class SqueezeAttributes(Attributes):
    """Dimensions to drop, negative ones counted from the end; empty for all of size 1."""

    squeeze_dims: tuple[int, ...]


def from_options(options: Options) -> SqueezeAttributes:
    """Attributes from the fields of SqueezeOptions."""
    return SqueezeAttributes(squeeze_dims=tuple(options.get("squeeze_dims", ())))


def drops_ones(graph: Graph, op: Op) -> str | None:
    """Only dimensions of size 1 are dropped.

    Convert the model again: the file contradicts itself.
    """
    shape = graph.operand(op, 0).shape
    wrong = [
        dim
        for dim in attributes_of(op, SqueezeAttributes).squeeze_dims
        if not -len(shape) <= dim < len(shape) or shape[dim] != 1
    ]
    return f"dimension {wrong[0]} of {list(shape)}" if wrong else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape without the dropped dimensions."""
    shape = graph.operand(op, 0).shape
    dims = attributes_of(op, SqueezeAttributes).squeeze_dims
    dropped = {dim % len(shape) for dim in dims} if dims else {i for i, size in enumerate(shape) if size == 1}
    return (tuple(size for index, size in enumerate(shape) if index not in dropped),)


OPERATOR = Operator(
    kind="SQUEEZE",
    options="SqueezeOptions",
    from_options=from_options,
    form=(operands(1), one_dtype((INPUT, OUTPUT), ANY), rank(INPUT, 0, 8)),
    rules=(drops_ones,),
    infer=infer,
    evaluate=evaluate,
)
