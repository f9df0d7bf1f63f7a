"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR of [N, H, W, C] to a constant height and width.

Source: tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h and resize_bilinear.h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.movement import numbers
from tinygen.ops.operator import Operator, Options, Rule, Shape, attributes_of
from tinygen.ops.rearrange import Move, evaluates, moved, taken
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

SIZE = Operand("size", 1)


@dataclass(frozen=True)
class ResizeAttributes(Attributes):
    """Whether corner pixels lie on each other, and whether pixels are where their centres are."""

    align_corners: bool
    half_pixel_centers: bool


def from_options(options: Options) -> ResizeAttributes:
    """Attributes from the fields of ResizeNearestNeighborOptions or ResizeBilinearOptions."""
    return ResizeAttributes(
        align_corners=bool(options.get("align_corners", False)),
        half_pixel_centers=bool(options.get("half_pixel_centers", False)),
    )


def size_is_two_numbers(graph: Graph, op: Op) -> str | None:
    """The size is a height and a width, both at least 1.

    Convert the model again: the file contradicts itself.
    """
    size = numbers(graph, op, 1)
    return None if len(size) == 2 and min(size) >= 1 else f"size {list(size)}"


def one_way_of_aligning(graph: Graph, op: Op) -> str | None:
    """Not both align_corners and half_pixel_centers are set.

    Convert the model again: the file contradicts itself.
    """
    attributes = attributes_of(op, ResizeAttributes)
    both = attributes.align_corners and attributes.half_pixel_centers
    return "both are set" if both else None


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's batch and channels with the new height and width."""
    batch, _, _, depth = graph.operand(op, 0).shape
    height, width = numbers(graph, op, 1)
    return ((batch, height, width, depth),)


def nearest(size: int, outputs: int, attributes: ResizeAttributes) -> list[int]:
    """Index of the input for each of `outputs` indices (GetNearestNeighbor), in float32 as there."""
    aligned = attributes.align_corners
    between = aligned and outputs > 1
    scale = np.float32(size - between) / np.float32(outputs - between)
    offset = np.float32(0.5 if attributes.half_pixel_centers else 0.0)
    places = (np.arange(outputs, dtype=np.float32) + offset) * scale
    # TfLiteRound rounds halves away from zero; nothing is negative here.
    whole = np.trunc(places) + (places - np.trunc(places) >= 0.5) if aligned else np.floor(places)
    return [int(place) for place in np.minimum(whole.astype(np.int64), size - 1)]


def nearest_moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """The nearest row and column of each pixel."""
    shape, (height, width) = graph.operand(op, 0).shape, numbers(graph, op, 1)
    attributes = attributes_of(op, ResizeAttributes)
    rows, columns = nearest(shape[1], height, attributes), nearest(shape[2], width, attributes)
    return moved(graph, op, 0, taken(shape, [range(shape[0]), rows, columns, range(shape[3])]))


@dataclass(frozen=True)
class Between:
    """An index of the output between two of the input.

    Attributes:
        lower, upper: the indices.
        fraction: how far it is from the lower one; in 1/1024 for integers, else a float32.
    """

    lower: int
    upper: int
    fraction: int | float


def between_integers(size: int, outputs: int, attributes: ResizeAttributes) -> list[Between]:
    """As ComputeInterpolationValuesInteger, with 10 fractional bits."""
    apart = 1 if attributes.align_corners and outputs > 1 else 0
    span, steps = size - apart, outputs - apart
    scale = (1024 * span + steps // 2) // steps
    found = []
    for index in range(outputs):
        place = index * scale + (scale // 2 - 512 if attributes.half_pixel_centers else 0)
        lower = max(int(place / 1024), 0)
        # C divides towards zero; what is negative ends at 0 all the same.
        upper = min((place + 1023) // 1024 if place + 1023 >= 0 else 0, size - 1)
        found.append(Between(lower, upper, place - 1024 * lower))
    return found


def between_floats(size: int, outputs: int, attributes: ResizeAttributes) -> list[Between]:
    """As ComputeInterpolationValues, in float32."""
    apart = 1 if attributes.align_corners and outputs > 1 else 0
    scale = np.float32(size - apart) / np.float32(outputs - apart)
    half = np.float32(0.5)
    found = []
    for index in range(outputs):
        value = np.float32(index)
        place = (value + half) * scale - half if attributes.half_pixel_centers else value * scale
        lower = max(int(np.floor(place)), 0)
        upper = min(int(np.ceil(place)), size - 1)
        found.append(Between(lower, upper, float(np.float32(place - np.float32(lower)))))
    return found


def stays_inside(graph: Graph, op: Op) -> str | None:
    """Rounding of the scale leaves every pixel inside of the input.

    TFLM reads outside of it otherwise. Resize in two steps.
    """
    if size_is_two_numbers(graph, op) is not None:
        return None
    attributes, source = attributes_of(op, ResizeAttributes), graph.operand(op, 0)
    rule = between_integers if source.dtype is DType.INT8 else between_floats
    for size, outputs in zip(source.shape[1:3], numbers(graph, op, 1), strict=True):
        if outputs > 1 << 20 or rule(size, outputs, attributes)[-1].lower >= size:
            return f"{size} to {outputs}"
    return None


def _form(*dtypes: DType) -> tuple[Rule, ...]:
    return (
        operands(2),
        one_dtype((INPUT, OUTPUT), dtypes),
        one_dtype((SIZE,), (DType.INT32,)),
        rank(INPUT, 4),
        rank(SIZE, 1),
        constant(SIZE),
    )


OPERATORS = (
    Operator(
        kind="RESIZE_NEAREST_NEIGHBOR",
        options="ResizeNearestNeighborOptions",
        from_options=from_options,
        form=_form(DType.INT8, DType.INT16, DType.FLOAT32),
        rules=(size_is_two_numbers,),
        infer=infer,
        evaluate=evaluates(nearest_moves),
    ),
    Operator(
        kind="RESIZE_BILINEAR",
        options="ResizeBilinearOptions",
        from_options=from_options,
        form=_form(DType.INT8, DType.FLOAT32),
        rules=(size_is_two_numbers, one_way_of_aligning, stays_inside),
        infer=infer,
    ),
)
