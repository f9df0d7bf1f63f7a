from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.fake_kernels import kernel, view
from tests.support.graphs import GraphBuilder
from tinygen.ir import DType, Graph
from tinygen.kernels.interface import Candidate, Operand, Placement
from tinygen.planning.views import Location, PlacementError, resolve, span


def candidates(graph: Graph) -> list[Candidate]:
    """A kernel for each op but the last."""
    return [kernel((op,), graph) for op in graph.ops[:-1]]


def chain(*shapes: tuple[int, ...]) -> Graph:
    """Tensors of these shapes, one made from the other, and an op that reads the last."""
    builder = GraphBuilder()
    value = builder.input(shapes[0])
    for shape in shapes[1:]:
        value = builder.op("OP", [value], shape)
    return builder.graph(builder.op("END", [value], [1]))


def test_tensors_without_placements_own_their_bytes() -> None:
    graph = chain((1, 4, 3), (12,), ())
    assert resolve(graph, candidates(graph)) == {
        0: Location(0, 0, 3),
        1: Location(1, 0, 12),
        2: Location(2, 0, 1),
        3: Location(3, 0, 1),
    }


def test_views_of_views_add_up() -> None:
    graph = chain((100,), (10, 10), (5, 10), (20,))
    views = [
        view((graph.ops[0],), graph),
        view((graph.ops[1],), graph, Placement(2, 1, 30)),
        view((graph.ops[2],), graph, Placement(3, 2, 10)),
    ]
    assert resolve(graph, views)[3] == Location(0, 40, 20)
    assert resolve(graph, views[::-1])[3] == Location(0, 40, 20)


def test_a_view_turns_round_when_its_base_gets_a_home() -> None:
    """Tensor 1 is a view of 0; then 1 moves into 2, and takes 0 along."""
    graph = chain((4, 5), (20,), (30,))
    views = [view((graph.ops[0],), graph), view((graph.ops[1],), graph, Placement(1, 2, 10))]
    found = resolve(graph, views)
    assert found[0] == Location(2, 10, 5)
    assert found[1] == Location(2, 10, 20)


def test_a_part_of_a_tensor_has_one_home_only() -> None:
    builder = GraphBuilder()
    source = builder.input([30])
    part = builder.op("SLICE", [source], [10])
    joined = builder.op("CONCAT", [part], [30])
    graph = builder.graph(joined)
    views = [
        view((graph.ops[0],), graph, Placement(part, source, 5)),
        view((graph.ops[1],), graph, Placement(part, joined, 0)),
    ]
    with pytest.raises(PlacementError, match="%1 lies inside %0 already") as caught:
        resolve(graph, views)
    assert caught.value.culprits == (views[1], views[0])


def test_a_circle_of_views_is_refused() -> None:
    graph = chain((10,), (10,))
    views = [view((graph.ops[0],), graph, Placement(1, 0), Placement(0, 1))]
    with pytest.raises(PlacementError, match="already share"):
        resolve(graph, views)


def test_pixels_inside_pixels() -> None:
    """Channels 2..5 of channels 8..15 of a tensor of 16 channels."""
    graph = chain((1, 3, 16), (1, 3, 8), (1, 3, 4))
    views = [
        view((graph.ops[0],), graph, Placement(1, 0, 8, 16)),
        view((graph.ops[1],), graph, Placement(2, 1, 2, 8)),
    ]
    assert resolve(graph, views)[2] == Location(0, 10, 16)


def test_rows_of_pixels_with_gaps() -> None:
    """Pixels 1 and 2 of a tensor of int16 whose pixels are 8 elements apart."""
    builder = GraphBuilder()
    source = builder.input([1, 3, 8], DType.INT16)
    half = builder.op("SPLIT", [source], [1, 3, 4], dtype=DType.INT16)
    rows = builder.op("SLICE", [half], [1, 2, 4], dtype=DType.INT16)
    graph = builder.graph(builder.op("END", [rows], [1]))
    views = [
        view((graph.ops[0],), graph, Placement(half, source, 8, 8)),
        view((graph.ops[1],), graph, Placement(rows, half, 8)),
    ]
    assert resolve(graph, views)[rows] == Location(source, 8 + 16, 8)


@pytest.mark.parametrize(
    ("shape", "placement"),
    [((1, 6, 2), Placement(2, 1)), ((1, 2, 6), Placement(2, 1)), ((1, 3, 4), Placement(2, 1, 2, 4))],
    ids=["half a pixel each", "more than a pixel each", "across two pixels"],
)
def test_views_without_a_single_pitch_are_refused(shape: tuple[int, ...], placement: Placement) -> None:
    graph = chain((1, 3, 16), (1, 3, 4), shape)
    views = [
        view((graph.ops[0],), graph, Placement(1, 0, 8, 16)),
        view((graph.ops[1],), graph, placement),
    ]
    with pytest.raises(PlacementError, match="no single pitch"):
        resolve(graph, views)


def with_pitch(candidate: Candidate, tensor: int, pitch: int) -> Candidate:
    operands = tuple(
        Operand(item.tensor, pitch=pitch) if item.tensor == tensor else item for item in candidate.operands
    )
    return replace(candidate, operands=operands)


def test_a_kernel_may_insist_on_a_pitch() -> None:
    graph = chain((1, 4, 3), (1, 4, 3))
    (call,) = candidates(graph)
    found = resolve(graph, [with_pitch(call, 1, 4)])
    assert found[1] == Location(1, 0, 4)


def test_two_kernels_must_agree_on_a_pitch() -> None:
    graph = chain((1, 4, 3), (1, 4, 3), (1, 4, 3))
    first, second = candidates(graph)
    calls = [with_pitch(first, 1, 4), with_pitch(second, 1, 3)]
    with pytest.raises(PlacementError, match="%1 has a pitch of 4 elements, not 3") as caught:
        resolve(graph, calls)
    assert caught.value.culprits[0] is calls[1]
    assert calls[0] in caught.value.culprits


def test_the_caller_gets_dense_tensors() -> None:
    graph = chain((1, 4, 3), (1, 4, 3))
    (call,) = candidates(graph)
    odd = with_pitch(call, 0, 4)
    with pytest.raises(PlacementError, match="%0 belongs to the caller") as caught:
        resolve(graph, [odd])
    assert caught.value.culprits == (odd,)


def test_one_pixel_has_any_pitch() -> None:
    graph = chain((1, 1, 3), (1, 1, 3), (1, 1, 3))
    first, second = candidates(graph)
    assert resolve(graph, [with_pitch(first, 1, 4), with_pitch(second, 1, 8)])[1].pitch == 3


def test_a_view_of_a_constant_is_refused() -> None:
    builder = GraphBuilder()
    builder.input([4])
    constant = builder.constant([1, 2, 3, 4], DType.INT8)
    same = builder.op("VIEW", [constant], [2, 2])
    graph = builder.graph(builder.op("RELU", [same], [2, 2]))
    viewed = view((graph.ops[0],), graph)
    call = kernel((graph.ops[1],), graph)
    with pytest.raises(PlacementError, match="would lie in a constant") as caught:
        resolve(graph, [viewed, call])
    assert caught.value.culprits == (viewed,)


def test_span_counts_gaps_between_pixels_only() -> None:
    builder = GraphBuilder()
    tensor = builder.tensors[builder.input([1, 3, 4], DType.INT16)]
    assert span(tensor, 4) == 24
    assert span(tensor, 10) == 2 * (2 * 10 + 4)
    assert span(builder.tensors[builder.input([1, 0, 4])], 4) == 0
