"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D, NHWC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops import window
from tinygen.ops.geometry import Activation, Padding, Pads
from tinygen.ops.operator import Operator, Options, Shape
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    activation_fits,
    batch_one,
    one_dtype,
    operands,
    quantized,
    rank,
    supported_activation,
)

DTYPES: Mapping[str, tuple[DType, ...]] = MappingProxyType(
    {
        "AVERAGE_POOL_2D": (DType.INT8, DType.INT16, DType.FLOAT32),
        "MAX_POOL_2D": (DType.INT8, DType.INT16, DType.FLOAT32),
        "L2_POOL_2D": (DType.FLOAT32,),
    }
)
"""What each pool takes."""


@dataclass(frozen=True)
class Pool2DAttributes(Attributes):
    """Filter size and strides in elements, at least 1."""

    filter_h: int
    filter_w: int
    stride_h: int
    stride_w: int
    padding: Padding | Pads
    activation: Activation


def from_options(options: Options) -> Pool2DAttributes:
    """Attributes from the fields of Pool2DOptions."""
    return Pool2DAttributes(
        filter_h=options.get("filter_height", 0),
        filter_w=options.get("filter_width", 0),
        stride_h=options.get("stride_h", 0),
        stride_w=options.get("stride_w", 0),
        padding=window.padding_option(options),
        activation=Activation(options.get("fused_activation_function", 0)),
    )


def same_quantization(graph: Graph, op: Op) -> str | None:
    """Input and output have the same scale, to 1e-6, and the same zero point.

    Source: PoolingPrepare in tensorflow/lite/micro/kernels/pooling_common.cc. Convert the model again
    with a current converter.
    """
    source, target = graph.operand(op, 0).quant, graph.result(op).quant
    if source is None or target is None:
        return None
    same = abs(source.scale - target.scale) <= 1e-6 and source.zero_point == target.zero_point
    found = f"({source.scale:g}, {source.zero_point}) and ({target.scale:g}, {target.zero_point})"
    return None if same else found


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shape of the output, with the input's channels."""
    return window.image_shape(graph, op, graph.operand(op, 0).shape[3])


def _pool(kind: str) -> Operator:
    scales = (quantized(INPUT, OUTPUT, least=0),) if DType.INT8 in DTYPES[kind] else ()
    return Operator(
        kind=kind,
        options="Pool2DOptions",
        from_options=from_options,
        form=(
            operands(1),
            one_dtype((INPUT, OUTPUT), DTYPES[kind]),
            rank(INPUT, 4),
            *scales,
        ),
        rules=(
            batch_one,
            window.positive_steps,
            window.window_fits,
            same_quantization,
            supported_activation,
            activation_fits,
        ),
        infer=infer,
    )


OPERATORS = tuple(_pool(kind) for kind in DTYPES)
