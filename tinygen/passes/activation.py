"""Activations as part of the ops before them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tinygen.ir import DType, Graph, Op
from tinygen.ops.add import AddAttributes
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.ops.geometry import Activation
from tinygen.ops.mul import MulAttributes
from tinygen.ops.pooling import Pool2DAttributes
from tinygen.passes.rewrite import only_consumer, same_values

_ACTIVATIONS = {"RELU": Activation.RELU, "RELU6": Activation.RELU6}

Fusible = (
    Conv2DAttributes
    | DepthwiseConv2DAttributes
    | FullyConnectedAttributes
    | AddAttributes
    | MulAttributes
    | Pool2DAttributes
)


@dataclass(frozen=True)
class FuseActivations:
    """Moves a RELU or RELU6 into the convolution, FULLY_CONNECTED, ADD, MUL or pool before it.

    Only between int8 or int16 tensors quantized alike, where that op has no activation yet and nothing
    else reads its output. Then the RELU's rescaling is by 1, which TFLM's double rounding returns as it
    is, and its limits are those of a fused activation (activations_common.cc in tensorflow/lite/micro/
    kernels against CalculateActivationRangeQuantized in kernel_util.cc in tensorflow/lite/kernels); the
    op's own limits, those of the dtype, contain them, so that clamping once equals clamping twice.
    """

    name: ClassVar[str] = "fuse-activations"

    def apply(self, graph: Graph) -> Graph:
        """The graph with activations fused; the result keeps the activation's output and its origin."""
        current = graph
        for op in graph.ops:
            if op.kind in _ACTIVATIONS:
                current = _fuse(current, op)
        return current


def _fuse(graph: Graph, activation: Op) -> Graph:
    source, result = graph.operand(activation, 0), graph.result(activation)
    producer = graph.producer(source.id)
    if producer is None or not only_consumer(graph, source.id) or not same_values(source, result):
        return graph
    attributes = producer.attributes
    if not isinstance(attributes, Fusible) or attributes.activation is not Activation.NONE:
        return graph
    if source.dtype not in (DType.INT8, DType.INT16) or source.shape != result.shape:
        return graph
    fused = replace(
        producer,
        outputs=activation.outputs,
        attributes=replace(attributes, activation=_ACTIVATIONS[activation.kind]),
        sources=tuple(sorted({*producer.sources, *activation.sources})),
    )
    return graph.with_ops(fused if op.id == producer.id else op for op in graph.ops if op.id != activation.id)
