"""REARRANGE: firmware/kernels/portable/rearrange.h, or nothing where the output is a part of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Operand,
    Overlap,
    Parameter,
    PitchOf,
    Placement,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.nest import MAX_LEVELS, Level, table
from tinygen.kernels.operands import argument, at_run_time, dense, stored
from tinygen.kernels.traversal import forward
from tinygen.ops.operator import attributes_of
from tinygen.ops.rearrange import Axis, Listed, RearrangeAttributes, Strided
from tinygen.target import Target

KINDS = ("REARRANGE",)

_CODE_BYTES = 280
_INSTRUCTIONS_AN_ELEMENT = 5
_INSTRUCTIONS_A_CHUNK = 10
_INSTRUCTIONS_A_WORD = 4
_INSTRUCTIONS_A_BYTE = 5
_INSTRUCTIONS_A_PLACE = 3
_INSTRUCTIONS_A_ROW = 23

_MEMCPY_INSTRUCTIONS = 40
_MEMCPY_INSTRUCTIONS_A_WORD = 2.2
"""Of newlib's, on a Cortex-M4."""


def merged(axes: Sequence[Axis]) -> list[Axis]:
    """The same iterations in the fewest loops: single rounds dropped, neighbours that run on joined."""
    found: list[Axis] = []
    for axis in axes:
        outer = found[-1] if found else None
        if axis.extent == 1:
            continue
        if isinstance(outer, Strided) and isinstance(axis, Strided) and outer.step == axis.step * axis.extent:
            found[-1] = Strided(outer.extent * axis.extent, axis.step)
        else:
            found.append(axis)
    return found


def row_of(tensor: Tensor) -> int:
    """Elements of a pixel."""
    return tensor.shape[-1] if tensor.shape else 1


def _pixel_axes(axes: Sequence[Axis], row: int) -> list[Axis] | None:
    """The loops over the output's pixels, or None where a pixel of `row` elements is no run of the input."""
    inside = list(axes)
    pixel: list[Axis] = []
    elements = 1
    while inside and elements < row:
        pixel.insert(0, inside.pop())
        elements *= pixel[0].extent
    whole = elements == row and merged(pixel) == ([Strided(row, 1)] if row > 1 else [])
    return inside if whole else None


@dataclass(frozen=True)
class Loops:
    """How the elements of the output are collected.

    Attributes:
        start, first: units and elements from the input's start to the first chunk.
        axes: loops over chunks in units of the input, the outermost first; at least one.
        chunk: elements that stay together.
        from_pixels: units are pixels of the input, at any pitch; else elements of a dense one.
        to_pixels: chunks are pixels of the output, at any pitch; else a dense output is made of them.
        apart: input and output share no byte, which is faster for long chunks.
    """

    start: int
    first: int
    axes: tuple[Axis, ...]
    chunk: int
    from_pixels: bool = False
    to_pixels: bool = False
    apart: bool = False

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return int(np.prod([axis.extent for axis in self.axes]))

    @property
    def listed(self) -> bool:
        """Whether places are in lists."""
        return any(isinstance(axis, Listed) for axis in self.axes)


def by_elements(attributes: RearrangeAttributes) -> Loops:
    """Loops over the longest runs of a dense input."""
    axes = merged(attributes.axes)
    chunk = 1
    if axes and isinstance(axes[-1], Strided) and axes[-1].step == 1:
        chunk = axes.pop().extent
    return Loops(attributes.start, 0, tuple(axes) or (Strided(1, 0),), chunk)


def by_pixels(attributes: RearrangeAttributes, source: Tensor, result: Tensor) -> Loops | None:
    """Loops over pixels, whatever their pitches; None where a pixel of the output is not inside of one."""
    axes = _pixel_axes(attributes.axes, row_of(result))
    row = row_of(source)
    start, first = divmod(attributes.start, row)
    if axes is None or first + row_of(result) > row or any((axis.offsets % row).any() for axis in axes):
        return None
    units: list[Axis] = [
        Strided(axis.extent, axis.step // row)
        if isinstance(axis, Strided)
        else Listed(tuple(place // row for place in axis.places))
        for axis in axes
    ]
    found = tuple(merged(units)) or (Strided(1, 0),)
    return Loops(start, first, found, row_of(result), from_pixels=True, to_pixels=True)


def _as_view(op: Op, source: Tensor, result: Tensor, attributes: RearrangeAttributes) -> Candidate | None:
    """The candidate that reads the output where it is, if one pitch describes it."""
    axes = _pixel_axes(attributes.axes, row_of(result))
    outer = None if axes is None else merged(axes)
    if source.is_constant or outer is None or len(outer) > 1:
        return None
    pitch = row_of(result)
    if outer:
        (axis,) = outer
        if not isinstance(axis, Strided) or axis.step < pitch:
            return None
        pitch = axis.step
    place = Placement(result.id, source.id, attributes.start * source.dtype.bytes, pitch)
    return Candidate(
        set="portable",
        name="rearrange as view",
        covers=(op.id,),
        operands=(Operand(source.id), Operand(result.id)),
        cost=Cost(instructions=0, cycles=0),
        call=None,
        placements=(place,),
        proof="the output is a part of the input",
    )


def _overlap(source: Tensor, result: Tensor, attributes: RearrangeAttributes) -> Overlap:
    """Of an output in memory order; for each input element the last place that it goes to counts."""
    positions = attributes.positions()
    last = np.full(source.elements, -1, np.int64)
    np.maximum.at(last, positions, np.arange(positions.size))
    return Overlap(source.id, result.id, forward(last, source.dtype.bytes, result.dtype.bytes))


def _places(loops: Loops) -> Array:
    """The kernel's table: lists of places, or the loops around the innermost one."""
    if loops.listed:
        return np.concatenate([[axis.extent, *axis.offsets] for axis in loops.axes]).astype(np.int32)
    strided = [axis for axis in loops.axes[:-1] if isinstance(axis, Strided)]
    return table([Level(axis.extent, (axis.step,)) for axis in strided])


def _chunk_instructions(loops: Loops, source: Tensor) -> float:
    """Executed on a Cortex-M4 for one chunk."""
    words, rest = divmod(loops.chunk * source.dtype.bytes, 4)
    if (words, rest) in ((0, 1), (0, 2), (1, 0)):
        return _INSTRUCTIONS_AN_ELEMENT
    if loops.apart:
        return _MEMCPY_INSTRUCTIONS + _MEMCPY_INSTRUCTIONS_A_WORD * words
    return _INSTRUCTIONS_A_CHUNK + _INSTRUCTIONS_A_WORD * words + _INSTRUCTIONS_A_BYTE * rest


def _cost(loops: Loops, source: Tensor, result: Tensor, places: Array) -> Cost:
    copying = _chunk_instructions(loops, source) + (_INSTRUCTIONS_A_PLACE if loops.listed else 0)
    rows = loops.chunks // loops.axes[-1].extent
    instructions = round(loops.chunks * copying) + rows * _INSTRUCTIONS_A_ROW
    return Cost(
        instructions=instructions,
        cycles=instructions * 3 // 2,
        flash=_CODE_BYTES + places.nbytes + (source.bytes if source.is_constant else 0),
        reads=0 if source.is_constant else result.bytes,
        writes=result.bytes,
    )


def _parameters(loops: Loops, source: Tensor, result: Tensor) -> tuple[Parameter, ...]:
    size = source.dtype.bytes
    inner = loops.axes[-1]
    unit: int | PitchOf = 1
    if loops.from_pixels:
        unit = row_of(source) if source.is_constant else PitchOf(source.id)
    fields = at_run_time(
        size=inner.extent,
        step=inner.step if isinstance(inner, Strided) else 0,
        levels=len(loops.axes) - 1,
        start=loops.start,
        first=loops.first,
        unit=unit,
        advance=PitchOf(result.id) if loops.to_pixels else loops.chunk,
    )
    # A single element is copied by an instance that knows its size; nothing is gained for long chunks.
    chunk = loops.chunk * size
    return (
        *fields,
        Parameter("chunk", chunk, specialize=chunk <= 4),
        Parameter("element", size),
        Parameter("apart", int(loops.apart)),
    )


def _operands(source: Tensor, result: Tensor, loops: Loops) -> tuple[Operand, ...]:
    read = Operand(source.id) if loops.from_pixels else dense(source)
    written = Operand(result.id) if loops.to_pixels else dense(result)
    return (written,) if source.is_constant else (read, written)


def copy(op: Op, source: Tensor, result: Tensor, attributes: RearrangeAttributes, loops: Loops) -> Candidate:
    """The candidate that copies by `loops` what `attributes` say; a constant `source` is stored."""
    places = _places(loops)
    kernel = "rearrange_listed" if loops.listed else "rearrange" if len(loops.axes) > 1 else "rearrange_run"
    tables = (Constant("places", ConstantKind.CONSTANTS, lambda: places),) if places.size else ()
    return Candidate(
        set="portable",
        name=f"{kernel.replace('_', ' ')}{' by pixels' if loops.from_pixels else ''}",
        covers=(op.id,),
        operands=_operands(source, result, loops),
        cost=_cost(loops, source, result, places),
        call=Call(
            header="portable/rearrange.h",
            function=f"tg_{kernel}",
            params="tg_rearrange_params",
            arguments=(
                argument("input", source),
                argument("output", result),
                *(Argument(item.name, ConstantPointer(item.name)) for item in tables),
            ),
            parameters=_parameters(loops, source, result),
        ),
        overlaps=() if source.is_constant or loops.apart else (_overlap(source, result, attributes),),
        constants=(*tables, *stored("input", source)),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """For any element type: a view where it can be, a copy by pixels of any pitch, a copy of longer runs."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    attributes = attributes_of(op, RearrangeAttributes)
    runs, pixels = by_elements(attributes), by_pixels(attributes, source, result)
    ways = [runs] if pixels is None else [pixels] if pixels.chunk == runs.chunk else [runs, pixels]
    copies = [
        copy(op, source, result, attributes, loops) for loops in ways if len(loops.axes) <= MAX_LEVELS + 1
    ]
    view = _as_view(op, source, result, attributes)
    if not copies and view is None:
        rule = f"REARRANGE has at most {MAX_LEVELS + 1} loops"
        return Refusal("portable", rule, f"{len(runs.axes)} loops")
    return copies if view is None else [view, *copies]
