from __future__ import annotations

import pytest

from tests.conftest import Golden
from tests.support.graphs import QUANT, GraphBuilder
from tests.support.layers import average_pool, convolution, depthwise
from tinygen.ir import DType, Graph, Quantization, format_graph
from tinygen.ops.geometry import Padding, Pads
from tinygen.passes.pad import FoldPad

NONE = Pads(0, 0, 0, 0)


def padded(builder: GraphBuilder, source: int, amounts: list[list[int]], quant: Quantization = QUANT) -> int:
    shape = [
        size + low + high for size, (low, high) in zip(builder.tensors[source].shape, amounts, strict=True)
    ]
    return builder.op("PAD", [source, builder.constant(amounts)], shape, quant=quant)


def pad_and_convolution(
    amounts: list[list[int]], pads: Pads = NONE, size: int = 3, quant: Quantization = QUANT
) -> Graph:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), amounts, quant)
    return builder.graph(convolution(builder, middle, 4, size, pads, stride=2))


def kinds(graph: Graph) -> list[str]:
    return [op.kind for op in graph.ops]


def test_pad_is_added_to_the_padding_of_every_reader(golden: Golden) -> None:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), [[0, 0], [0, 1], [1, 0], [0, 0]])
    first = convolution(builder, middle, 4, 3, NONE, stride=2)
    second = depthwise(builder, middle, 3, Pads(1, 1, 1, 1))
    graph = builder.graph(first, second)
    folded = FoldPad().apply(graph)
    golden("passes/fold_pad.txt", format_graph(graph) + "\n" + format_graph(folded))
    assert kinds(folded) == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert [op.sources for op in folded.ops] == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    "amounts",
    [
        [[0, 0], [0, 1], [0, 1], [0, 1]],
        [[0, 1], [0, 1], [0, 1], [0, 0]],
        [[0, 0], [3, 0], [0, 1], [0, 0]],
        [[0, 0], [0, 0], [0, 3], [0, 0]],
    ],
    ids=["channels", "batch", "top beyond the filter", "right beyond the filter"],
)
def test_other_amounts_are_left(amounts: list[list[int]]) -> None:
    graph = pad_and_convolution(amounts)
    if amounts[0] == [0, 1]:
        graph = _batch_of_two(amounts)
    assert FoldPad().apply(graph) is graph


def _batch_of_two(amounts: list[list[int]]) -> Graph:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), amounts)
    return builder.graph(convolution(builder, middle, 4, 3, NONE))


def test_the_sum_of_pads_stays_below_the_filter() -> None:
    amounts = [[0, 0], [1, 1], [1, 1], [0, 0]]
    assert kinds(FoldPad().apply(pad_and_convolution(amounts, Pads(1, 1, 1, 1)))) == ["CONV_2D"]
    assert kinds(FoldPad().apply(pad_and_convolution(amounts, Pads(2, 1, 1, 1)))) == ["PAD", "CONV_2D"]


def test_a_change_of_quantization_is_left() -> None:
    amounts = [[0, 0], [0, 1], [0, 1], [0, 0]]
    graph = pad_and_convolution(amounts, quant=Quantization((0.5,), (-4,)))
    assert FoldPad().apply(graph) is graph


def test_a_pool_among_the_readers_keeps_the_pad() -> None:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), [[0, 0], [0, 1], [0, 1], [0, 0]])
    graph = builder.graph(convolution(builder, middle, 4, 3, NONE), average_pool(builder, middle, 2, NONE))
    assert FoldPad().apply(graph) is graph


def test_an_output_keeps_the_pad() -> None:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), [[0, 0], [0, 1], [0, 1], [0, 0]])
    graph = builder.graph(convolution(builder, middle, 4, 3, NONE), middle)
    assert FoldPad().apply(graph) is graph


@pytest.mark.parametrize(("value", "folds"), [(-3, True), (0, False)])
def test_an_explicit_value_must_be_the_zero_point(value: int, folds: bool) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 2])
    amounts = builder.constant([[0, 0], [0, 1], [0, 1], [0, 0]])
    middle = builder.op("PADV2", [source, amounts, builder.constant([value], DType.INT8)], [1, 9, 9, 2])
    graph = builder.graph(convolution(builder, middle, 4, 3, NONE))
    assert ("PADV2" not in kinds(FoldPad().apply(graph))) == folds


def test_a_reader_with_a_padding_scheme_keeps_the_pad() -> None:
    builder = GraphBuilder()
    middle = padded(builder, builder.input([1, 8, 8, 2]), [[0, 0], [0, 1], [0, 1], [0, 0]])
    graph = builder.graph(convolution(builder, middle, 4, 3, Padding.SAME))
    assert FoldPad().apply(graph) is graph


def test_amounts_computed_at_run_time_keep_the_pad() -> None:
    builder = GraphBuilder()
    source, amounts = builder.input([1, 8, 8, 2]), builder.input([4, 2], DType.INT32)
    middle = builder.op("PAD", [source, amounts], [1, 9, 9, 2])
    graph = builder.graph(convolution(builder, middle, 4, 3, NONE))
    assert FoldPad().apply(graph) is graph


def test_a_tensor_without_quantization_keeps_the_pad() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 8, 8, 2], DType.FLOAT32)
    amounts = builder.constant([[0, 0], [0, 1], [0, 1], [0, 0]])
    middle = builder.op("PAD", [source, amounts], [1, 9, 9, 2], dtype=DType.FLOAT32)
    graph = builder.graph(convolution(builder, middle, 4, 3, NONE))
    assert FoldPad().apply(graph) is graph
