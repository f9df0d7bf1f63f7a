from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import Golden
from tests.support.graphs import QUANT, GraphBuilder
from tests.support.layers import average_pool, convolution, depthwise, fully_connected
from tinygen.ir import DType, Graph, Origin, Quantization, format_graph
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops.add import AddAttributes
from tinygen.ops.geometry import Activation
from tinygen.passes.activation import FuseActivations


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def relu(builder: GraphBuilder, source: int, kind: str = "RELU", quant: Quantization = QUANT) -> int:
    return builder.op(kind, [source], builder.tensors[source].shape, quant=quant)


def test_activations_move_into_the_ops_before_them(golden: Golden) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 2])
    first = relu(builder, convolution(builder, source, 2, 1))
    second = relu(builder, depthwise(builder, first, 3), "RELU6")
    third = relu(builder, builder.op("ADD", [second, second], [1, 6, 6, 2], AddAttributes(Activation.NONE)))
    pooled = relu(builder, average_pool(builder, third, 6, stride=6), "RELU6")
    flat = builder.op("VIEW", [pooled], [1, 2])
    last = relu(builder, fully_connected(builder, flat, 3))
    graph = builder.graph(last)
    fused = FuseActivations().apply(graph)
    golden("passes/fuse_activations.txt", format_graph(graph) + "\n" + format_graph(fused))
    assert kinds(fused) == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "ADD",
        "AVERAGE_POOL_2D",
        "VIEW",
        "FULLY_CONNECTED",
    ]
    assert fused.ops[0].sources == (0, 1)
    assert fused.result(fused.ops[0]).origin == Origin(first)


def test_a_producer_with_an_activation_is_left() -> None:
    builder = GraphBuilder()
    clipped = convolution(builder, builder.input([1, 4, 4, 2]), 2, 1, activation=Activation.RELU)
    graph = builder.graph(relu(builder, clipped, "RELU6"))
    assert FuseActivations().apply(graph) is graph


def test_a_second_reader_or_an_output_keeps_the_activation() -> None:
    builder = GraphBuilder()
    linear = convolution(builder, builder.input([1, 4, 4, 2]), 2, 1)
    clipped = relu(builder, linear)
    both = builder.op("ADD", [linear, clipped], [1, 4, 4, 2], AddAttributes(Activation.NONE))
    for graph in (builder.graph(both), builder.graph(clipped, linear)):
        assert "RELU" in kinds(FuseActivations().apply(graph))


@pytest.mark.parametrize("quant", [Quantization((0.25,), (-3,)), Quantization((0.5,), (-4,))])
def test_a_rescaling_activation_is_left(quant: Quantization) -> None:
    builder = GraphBuilder()
    linear = convolution(builder, builder.input([1, 4, 4, 2]), 2, 1)
    graph = builder.graph(relu(builder, linear, quant=quant))
    assert FuseActivations().apply(graph) is graph


def test_an_op_that_has_no_activation_is_left() -> None:
    builder = GraphBuilder()
    moved = builder.op("TRANSPOSE", [builder.input([2, 3]), builder.constant([1, 0])], [3, 2])
    graph = builder.graph(relu(builder, moved))
    assert FuseActivations().apply(graph) is graph


def test_float_is_left() -> None:
    builder = GraphBuilder()
    sources = [builder.input([4], DType.FLOAT32) for _ in range(2)]
    added = builder.op("ADD", sources, [4], AddAttributes(Activation.NONE), dtype=DType.FLOAT32)
    graph = builder.graph(builder.op("RELU", [added], [4], dtype=DType.FLOAT32))
    assert FuseActivations().apply(graph) is graph


def test_rescaling_by_one_is_the_identity() -> None:
    """What the fusion relies on: TFLM's RELU multiplies by QuantizeMultiplier(1)."""
    values = np.arange(-(2**16), 2**16, dtype=np.int64)
    np.testing.assert_array_equal(multiply_by_quantized_multiplier(values, *quantize_multiplier(1.0)), values)
