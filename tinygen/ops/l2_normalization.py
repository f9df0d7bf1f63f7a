"""L2_NORMALIZATION over the last axis."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.elementwise import FLOAT, INT8, input_shape
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Operator, Options, attributes_of
from tinygen.ops.rules import INPUT, OUTPUT, dtypes, operands, quantized, rank

_LONGEST_ROW = 32768


@dataclass(frozen=True)
class L2NormalizationAttributes(Attributes):
    """Fused activation."""

    activation: Activation


def from_options(options: Options) -> L2NormalizationAttributes:
    """Attributes from the fields of L2NormOptions."""
    return L2NormalizationAttributes(activation=Activation(options.get("fused_activation_function", 0)))


def row_fits(graph: Graph, op: Op) -> str | None:
    """A row of int8 has at most 32768 elements.

    Beyond, the sum of squares can leave int32 in TFLM's kernel. Normalize shorter rows.
    """
    source = graph.operand(op, 0)
    fits = source.dtype is not DType.INT8 or source.shape[-1] <= _LONGEST_ROW
    return None if fits else f"{source.shape[-1]} elements"


def no_activation(graph: Graph, op: Op) -> str | None:
    """There is no fused activation.

    Source: L2NormPrepare in tensorflow/lite/micro/kernels/l2norm.cc. Make the activation a layer of its own.
    """
    activation = attributes_of(op, L2NormalizationAttributes).activation
    return None if activation is Activation.NONE else str(activation)


OPERATOR = Operator(
    kind="L2_NORMALIZATION",
    options="L2NormOptions",
    from_options=from_options,
    form=(operands(1), dtypes((INPUT, OUTPUT), INT8, FLOAT), rank(INPUT, 1, 4), quantized(INPUT, OUTPUT)),
    rules=(row_fits, no_activation),
    infer=input_shape,
)
