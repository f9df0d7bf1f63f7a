"""REARRANGE: elements of the input at positions known at compile time; made by passes.

Every operator that moves elements states its result as loops over the output, each of which moves the
position in the input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np

from tinygen.ir import Array, Attributes, Graph, Op
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import operands


@dataclass(frozen=True)
class Strided:
    """A loop that goes on by the same number of elements of the input each time.

    Attributes:
        extent: rounds.
        step: elements; 0 repeats, negative ones go backwards.
    """

    extent: int
    step: int

    @property
    def offsets(self) -> Array:
        """Elements of the input from its position before the loop, for each round."""
        return self.step * np.arange(self.extent, dtype=np.int64)


@dataclass(frozen=True)
class Listed:
    """A loop over any offsets.

    Attributes:
        places: elements of the input from its position before the loop, for each round.
    """

    places: tuple[int, ...]

    @property
    def extent(self) -> int:
        """Rounds."""
        return len(self.places)

    @property
    def offsets(self) -> Array:
        """As of `Strided`."""
        return np.asarray(self.places, np.int64)


Axis = Strided | Listed


def axis_of(offsets: Sequence[int] | Array) -> tuple[int, Axis]:
    """The first of `offsets`, and the loop over what the others add to it."""
    values = np.asarray(offsets, np.int64)
    start = int(values[0])
    step = int(values[1]) - start if len(values) > 1 else 0
    if np.array_equal(values, start + step * np.arange(len(values))):
        return start, Strided(len(values), step)
    return start, Listed(tuple((values - start).tolist()))


@dataclass(frozen=True)
class RearrangeAttributes(Attributes):
    """Where each element of the output comes from.

    Attributes:
        start: element of the input that the first one of the output is.
        axes: loops over the output's elements in memory order, the outermost first.
    """

    start: int
    axes: tuple[Axis, ...]

    @property
    def elements(self) -> int:
        """Number of elements of the output."""
        return prod(axis.extent for axis in self.axes)

    def positions(self) -> Array:
        """For each element of the output, in memory order, which element of the input it is."""
        places = reduce(np.add.outer, (axis.offsets for axis in self.axes), np.asarray(self.start, np.int64))
        return np.asarray(places, np.int64).ravel()


def strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Elements from one index to the next along each dimension of a dense tensor."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def box(shape: Sequence[int], ranges: Sequence[range]) -> RearrangeAttributes:
    """The elements of a tensor of `shape` at every combination of one index of each of `ranges`."""
    steps = strides(shape)
    return RearrangeAttributes(
        start=sum(taken.start * step for taken, step in zip(ranges, steps, strict=True)),
        axes=tuple(Strided(len(taken), taken.step * step) for taken, step in zip(ranges, steps, strict=True)),
    )


def taken(shape: Sequence[int], indices: Sequence[Sequence[int]]) -> RearrangeAttributes:
    """As `box`, of any indices along each dimension."""
    loops = [axis_of(np.asarray(some) * step) for some, step in zip(indices, strides(shape), strict=True)]
    return RearrangeAttributes(sum(start for start, _ in loops), tuple(axis for _, axis in loops))


@dataclass(frozen=True)
class Move:
    """How one output of an op comes about.

    Attributes:
        source: id of the tensor whose elements it has.
        attributes: which ones.
    """

    source: int
    attributes: RearrangeAttributes


Moves = Callable[[Graph, Op], tuple[Move, ...] | None]
"""For an op that keeps its rules: one `Move` an output, or None where it is not known at compile time."""


def moved(graph: Graph, op: Op, index: int, *attributes: RearrangeAttributes) -> tuple[Move, ...]:
    """The moves of an op whose outputs all have elements of input `index`."""
    source = graph.operand(op, index).id
    return tuple(Move(source, item) for item in attributes)


def evaluates(moves: Moves, index: int = 0) -> Callable[[Graph, Op, Known], tuple[Array, ...] | None]:
    """`Operator.evaluate` of an operator that moves elements of its input `index`."""

    def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
        values = known[index]
        found = None if values is None else moves(graph, op)
        if values is None or found is None:
            return None
        flat = values.reshape(-1)
        return tuple(
            flat[move.attributes.positions()].reshape(graph.tensors[key].shape)
            for move, key in zip(found, op.outputs, strict=True)
        )

    return evaluate


def positions_exist(graph: Graph, op: Op) -> str | None:
    """Every position is one of the input's, and there are as many as the output has elements.

    Made by passes only: report the model.
    """
    attributes = attributes_of(op, RearrangeAttributes)
    source, result = graph.operand(op, 0), graph.result(op)
    if attributes.elements != result.elements or source.dtype is not result.dtype:
        return f"{attributes.elements} positions for {result.dtype}{list(result.shape)}"
    reached = [attributes.start, attributes.start]
    for axis in attributes.axes:
        reached[0] += int(axis.offsets.min())
        reached[1] += int(axis.offsets.max())
    outside = reached[0] < 0 or reached[1] >= source.elements
    return f"positions {reached[0]} to {reached[1]} of {source.elements}" if outside else None


def _from_options(options: Options) -> RearrangeAttributes:
    """Attributes by their own names; no file has them."""
    return RearrangeAttributes(options.get("start", 0), tuple(options.get("axes", ())))


def _own_moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    return moved(graph, op, 0, attributes_of(op, RearrangeAttributes))


OPERATOR = Operator(
    kind="REARRANGE",
    from_options=_from_options,
    form=(operands(1),),
    rules=(positions_exist,),
    infer=lambda graph, op: (graph.result(op).shape,),
    evaluate=evaluates(_own_moves),
    internal=True,
)
