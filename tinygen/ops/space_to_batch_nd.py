"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: blocks of pixels as images of their own.

Inputs [N, H, W, C], or [N, H, C] with blocks of one number. Source: tensorflow/lite/kernels/internal/
reference/space_to_batch_nd.h and batch_to_space_nd.h.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, Graph, Op
from tinygen.ops.movement import numbers, scale_and_zero_point
from tinygen.ops.operator import Operator, Shape
from tinygen.ops.rearrange import Move, RearrangeAttributes, axis_of, evaluates, moved, strides
from tinygen.ops.rules import INPUT, OUTPUT, Operand, constant, one_dtype, operands, rank

BLOCK = Operand("block shape", 1)
MARGINS = Operand("table of paddings or crops", 2)


def blocks(graph: Graph, op: Op) -> tuple[int, ...]:
    """Sizes of a block: of rows, and of columns where the input has them."""
    return numbers(graph, op, 1)


def margins(graph: Graph, op: Op) -> tuple[tuple[int, int], ...]:
    """Pixels that are added (or, to space, cut off) before and after rows and columns."""
    table = numbers(graph, op, 2)
    return tuple(zip(table[::2], table[1::2], strict=True))


def tables_fit(graph: Graph, op: Op) -> str | None:
    """Rows and columns have a block size of at least 1 and two paddings or crops of at least 0 each.

    Convert the model again: the file contradicts itself.
    """
    spatial = len(graph.operand(op, 0).shape) - 2
    found, table = blocks(graph, op), numbers(graph, op, 2)
    fits = len(found) == spatial and len(table) == 2 * spatial and min(found) >= 1 and min(table) >= 0
    return None if fits else f"block {list(found)}, {list(table)} for {spatial} dimensions"


def blocks_divide(graph: Graph, op: Op) -> str | None:
    """Rows and columns, with their paddings, divide by the block size.

    Pad more.
    """
    if tables_fit(graph, op) is not None:
        return None
    sizes = [size + sum(pair) for size, pair in zip(_spatial(graph, op), margins(graph, op), strict=True)]
    pairs = zip(sizes, blocks(graph, op), strict=True)
    wrong = [pair for pair in pairs if pair[0] % pair[1]]
    return f"size {wrong[0][0]}, block {wrong[0][1]}" if wrong else None


def padding_is_defined(graph: Graph, op: Op) -> str | None:
    """Where pixels are added to an int8 tensor, its zero point is 0.

    TFLM leaves their value uninitialised. Use a convolution with a dilation instead, or PAD before the layer.
    """
    result = graph.result(op)
    zero_point = scale_and_zero_point(result)[1]
    added = any(sum(pair) for pair in margins(graph, op))
    return f"zero point {zero_point}" if added and result.dtype is DType.INT8 and zero_point else None


def images_divide(graph: Graph, op: Op) -> str | None:
    """The batch divides by the pixels of a block, and the crops leave pixels.

    Convert the model again: the file contradicts itself.
    """
    if tables_fit(graph, op) is not None:
        return None
    batch = graph.operand(op, 0).shape[0]
    if batch % int(np.prod(blocks(graph, op))):
        return f"batch {batch}, block {list(blocks(graph, op))}"
    left = _cropped(graph, op)
    return f"{left} pixels left" if min(left) < 1 else None


def _spatial(graph: Graph, op: Op) -> tuple[int, ...]:
    return graph.operand(op, 0).shape[1:-1]


def _cropped(graph: Graph, op: Op) -> list[int]:
    """Rows and columns of BATCH_TO_SPACE_ND's output."""
    table = zip(_spatial(graph, op), blocks(graph, op), margins(graph, op), strict=True)
    return [size * block - sum(pair) for size, block, pair in table]


def padded_shape(graph: Graph, op: Op) -> Shape:
    """The input's shape with its paddings."""
    shape = graph.operand(op, 0).shape
    sizes = [size + sum(pair) for size, pair in zip(shape[1:-1], margins(graph, op), strict=True)]
    return (shape[0], *sizes, shape[-1])


def _to_batch(graph: Graph, op: Op) -> tuple[Shape, ...]:
    batch, *spatial, depth = padded_shape(graph, op)
    found = blocks(graph, op)
    smaller = [size // block for size, block in zip(spatial, found, strict=True)]
    return ((batch * int(np.prod(found)), *smaller, depth),)


def _to_space(graph: Graph, op: Op) -> tuple[Shape, ...]:
    shape = graph.operand(op, 0).shape
    return ((shape[0] // int(np.prod(blocks(graph, op))), *_cropped(graph, op), shape[-1]),)


def _loops(*offsets: Array) -> RearrangeAttributes:
    loops = [axis_of(each) for each in offsets]
    return RearrangeAttributes(sum(start for start, _ in loops), tuple(axis for _, axis in loops))


def to_batch_attributes(shape: Shape, block: tuple[int, ...]) -> RearrangeAttributes:
    """SPACE_TO_BATCH_ND of a padded tensor of `shape`: pixel of the block, image, pixel, channel."""
    step = strides(shape)
    inside = [size * np.arange(count) for size, count in zip(step[1:], block, strict=False)]
    pixels = [
        step[axis] * block[axis - 1] * np.arange(shape[axis] // block[axis - 1])
        for axis in range(1, len(shape) - 1)
    ]
    return _loops(*inside, step[0] * np.arange(shape[0]), *pixels, np.arange(shape[-1]))


def to_batch_moves(graph: Graph, op: Op) -> tuple[Move, ...] | None:
    """Where nothing is padded."""
    if any(sum(pair) for pair in margins(graph, op)):
        return None
    return moved(graph, op, 0, to_batch_attributes(graph.operand(op, 0).shape, blocks(graph, op)))


def to_space_moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """Image, pixel, channel: a pixel's place in its block says which image of the input it is in."""
    shape, block = graph.operand(op, 0).shape, blocks(graph, op)
    step = strides(shape)
    images = shape[0] // int(np.prod(block))
    offsets = [step[0] * np.arange(images)]
    for axis, (size, (before, _)) in enumerate(zip(_cropped(graph, op), margins(graph, op), strict=True), 1):
        inner = int(np.prod(block[axis:], dtype=int))
        place = np.arange(size) + before
        pixel, inside = np.divmod(place, block[axis - 1])
        offsets.append(pixel * step[axis] + inside * inner * images * step[0])
    return moved(graph, op, 0, _loops(*offsets, np.arange(shape[-1])))


def _evaluate(graph: Graph, op: Op, known: list[Array | None]) -> tuple[Array, ...] | None:
    if known[0] is None:
        return None
    pads = ((0, 0), *margins(graph, op), (0, 0))
    padded = np.pad(known[0], pads)
    positions = to_batch_attributes(padded.shape, blocks(graph, op)).positions()
    return (padded.reshape(-1)[positions].reshape(graph.result(op).shape),)


_FORM = (
    operands(3),
    one_dtype((INPUT, OUTPUT), (DType.INT8, DType.FLOAT32)),
    one_dtype((BLOCK, MARGINS), (DType.INT32,)),
    rank(INPUT, 3, 4),
    rank(BLOCK, 1),
    rank(MARGINS, 2),
    constant(BLOCK, MARGINS),
)

OPERATORS = (
    Operator(
        kind="SPACE_TO_BATCH_ND",
        form=_FORM,
        rules=(tables_fit, blocks_divide, padding_is_defined),
        infer=_to_batch,
        evaluate=lambda graph, op, known: _evaluate(graph, op, list(known)),
    ),
    Operator(
        kind="BATCH_TO_SPACE_ND",
        form=_FORM,
        rules=(tables_fit, images_divide),
        infer=_to_space,
        evaluate=evaluates(to_space_moves),
    ),
)
