"""DEPTH_TO_SPACE and SPACE_TO_DEPTH: blocks of pixels in the channels of one, [N, H, W, C].

Source: tensorflow/lite/kernels/internal/reference/depth_to_space.h and space_to_depth.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.operator import Operator, Options, Rule, Shape, attributes_of
from tinygen.ops.rearrange import Move, RearrangeAttributes, Strided, evaluates, moved
from tinygen.ops.rules import INPUT, OUTPUT, one_dtype, operands, rank


@dataclass(frozen=True)
class BlockAttributes(Attributes):
    """Height and width of a block, in pixels."""

    block_size: int


def from_options(options: Options) -> BlockAttributes:
    """Attributes from the fields of DepthToSpaceOptions or SpaceToDepthOptions."""
    return BlockAttributes(block_size=options.get("block_size", 0))


def channels_divide(graph: Graph, op: Op) -> str | None:
    """The block size is at least 1, and the channels divide by its square.

    Convert the model again: the file contradicts itself.
    """
    block, depth = attributes_of(op, BlockAttributes).block_size, graph.operand(op, 0).shape[3]
    return None if block > 0 and depth % block**2 == 0 else f"block {block}, {depth} channels"


def pixels_divide(graph: Graph, op: Op) -> str | None:
    """The block size is at least 1, and height and width divide by it.

    Pad before the layer.
    """
    block, shape = attributes_of(op, BlockAttributes).block_size, graph.operand(op, 0).shape
    fits = block > 0 and shape[1] % block == 0 and shape[2] % block == 0
    return None if fits else f"block {block}, {shape[1]}x{shape[2]}"


def _to_space(graph: Graph, op: Op) -> tuple[Shape, ...]:
    batch, height, width, depth = graph.operand(op, 0).shape
    block = attributes_of(op, BlockAttributes).block_size
    return ((batch, height * block, width * block, depth // block**2),)


def _to_depth(graph: Graph, op: Op) -> tuple[Shape, ...]:
    batch, height, width, depth = graph.operand(op, 0).shape
    block = attributes_of(op, BlockAttributes).block_size
    return ((batch, height // block, width // block, depth * block**2),)


def to_space_moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """Loops over image, row, row of the block, column, column of the block, channel."""
    batch, height, width, depth = graph.operand(op, 0).shape
    block = attributes_of(op, BlockAttributes).block_size
    channels = depth // block**2
    axes = (
        Strided(batch * height, width * depth),
        Strided(block, block * channels),
        Strided(width, depth),
        Strided(block, channels),
        Strided(channels, 1),
    )
    return moved(graph, op, 0, RearrangeAttributes(0, axes))


def to_depth_moves(graph: Graph, op: Op) -> tuple[Move, ...]:
    """Loops over image and row of blocks, column of blocks, row and column in the block, channel."""
    batch, height, width, depth = graph.operand(op, 0).shape
    block = attributes_of(op, BlockAttributes).block_size
    axes = (
        Strided(batch * height // block, block * width * depth),
        Strided(width // block, block * depth),
        Strided(block, width * depth),
        Strided(block, depth),
        Strided(depth, 1),
    )
    return moved(graph, op, 0, RearrangeAttributes(0, axes))


_FORM = (operands(1), one_dtype((INPUT, OUTPUT), (DType.INT8, DType.FLOAT32)), rank(INPUT, 4))
_TO_SPACE_RULES: tuple[Rule, ...] = (channels_divide,)
_TO_DEPTH_RULES: tuple[Rule, ...] = (pixels_divide,)

OPERATORS = (
    Operator(
        kind="DEPTH_TO_SPACE",
        options="DepthToSpaceOptions",
        from_options=from_options,
        form=_FORM,
        rules=_TO_SPACE_RULES,
        infer=_to_space,
        evaluate=evaluates(to_space_moves),
    ),
    Operator(
        kind="SPACE_TO_DEPTH",
        options="SpaceToDepthOptions",
        from_options=from_options,
        form=_FORM,
        rules=_TO_DEPTH_RULES,
        infer=_to_depth,
        evaluate=evaluates(to_depth_moves),
    ),
)
