"""SUB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Attributes, DType, Graph, Op
from tinygen.ops import broadcast
from tinygen.ops.add import rescale_factors, rescaled
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Known, Operator, Options, attributes_of
from tinygen.ops.rules import QUANTIZED_DTYPES, activation_fits, factor_below_one, supported_activation


@dataclass(frozen=True)
class SubAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> SubAttributes:
    """Attributes from the fields of SubOptions."""
    return SubAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def evaluate(graph: Graph, op: Op, known: Known) -> tuple[Array, ...] | None:
    """The difference as TFLM rounds it (tensorflow/lite/kernels/internal/reference/sub.h)."""
    if known[0] is None or known[1] is None:
        return None
    activation = attributes_of(op, SubAttributes).activation
    if graph.result(op).dtype not in QUANTIZED_DTYPES:
        return broadcast.clamp_plain(broadcast.plain(graph, op, known, np.subtract), activation)
    scaled = rescaled(graph, op, known, rescale_factors(graph, op), (1, -1))
    return None if scaled is None else (broadcast.clamp(graph, op, scaled, activation),)


OPERATOR = Operator(
    kind="SUB",
    options="SubOptions",
    from_options=from_options,
    form=broadcast.form((DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32), *broadcast.SCALED),
    rules=(
        broadcast.shapes_broadcast,
        broadcast.plain_int32,
        factor_below_one(lambda graph, op: rescale_factors(graph, op)[2]),
        supported_activation,
        activation_fits,
    ),
    infer=broadcast.infer,
    evaluate=evaluate,
)
