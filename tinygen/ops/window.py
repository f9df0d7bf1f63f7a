"""Rules of operators that slide a window over height and width: convolutions and pools."""

from __future__ import annotations

from tinygen.ir import Graph, Op
from tinygen.ops.geometry import Padding, Pads, Pair, output_size
from tinygen.ops.operator import Options, Shape


def padding_option(options: Options) -> Padding:
    """The padding scheme; ValueError for a value outside the schema."""
    return Padding(options.get("padding", 0))


def stride_hw(op: Op) -> Pair:
    """Strides, from the attributes `stride_h` and `stride_w`."""
    return getattr(op.attributes, "stride_h", 1), getattr(op.attributes, "stride_w", 1)


def dilation_hw(op: Op) -> Pair:
    """Dilations; 1 for operators that have none."""
    return getattr(op.attributes, "dilation_h", 1), getattr(op.attributes, "dilation_w", 1)


def filter_hw(graph: Graph, op: Op) -> Pair:
    """Window size: from the attributes of a pool, from the filter of a convolution (OHWI or 1HWC)."""
    if hasattr(op.attributes, "filter_h"):
        return op.attributes.filter_h, getattr(op.attributes, "filter_w", 1)
    _, height, width, _ = graph.operand(op, 1).shape
    return height, width


def window_output(graph: Graph, op: Op) -> Pair:
    """Height and width of the output."""
    padding: Padding | Pads = getattr(op.attributes, "padding", Padding.VALID)
    _, height, width, _ = graph.operand(op, 0).shape
    return output_size(padding, (height, width), filter_hw(graph, op), stride_hw(op), dilation_hw(op))


def positive_steps(graph: Graph, op: Op) -> str | None:
    """Strides, dilations and window sizes are at least 1.

    Convert the model again: the file is damaged.
    """
    found = {"stride": stride_hw(op), "dilation": dilation_hw(op), "window": filter_hw(graph, op)}
    wrong = [f"{name} {pair[0]}x{pair[1]}" for name, pair in found.items() if min(pair) < 1]
    return ", ".join(wrong) or None


def window_fits(graph: Graph, op: Op) -> str | None:
    """The window, with its dilation, fits into the padded input.

    Use padding "same", a smaller window or a larger input.
    """
    if positive_steps(graph, op) is not None:
        return None
    height, width = window_output(graph, op)
    window = filter_hw(graph, op)
    source = graph.operand(op, 0).shape
    return (
        None
        if min(height, width) >= 1
        else f"window {window[0]}x{window[1]} on input {source[1]}x{source[2]}"
    )


def image_shape(graph: Graph, op: Op, channels: int) -> tuple[Shape, ...]:
    """Shape of the output, NHWC, with `channels`."""
    return ((graph.operand(op, 0).shape[0], *window_output(graph, op), channels),)
