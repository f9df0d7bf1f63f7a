from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tinygen.ir import DType, Graph, Origin, Quantization, format_graph, verify
from tinygen.ops.concatenation import ConcatenationAttributes
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import attributes_of
from tinygen.ops.pack import PackAttributes
from tinygen.ops.rearrange import Listed, RearrangeAttributes, Strided
from tinygen.ops.split import SplitAttributes
from tinygen.ops.unpack import UnpackAttributes
from tinygen.passes.join import JoinInPlace
from tinygen.passes.movement import LowerMovement


def lowered(graph: Graph) -> Graph:
    result = LowerMovement().apply(graph)
    verify(result)
    return result


def test_operators_that_move_become_one(golden: Golden) -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4, 6, 2])
    left, right = builder.tensor([1, 4, 3, 2]), builder.tensor([1, 4, 3, 2])
    builder.op_into("SPLIT", [builder.constant(2), source], [left, right], SplitAttributes(2))
    moved = builder.op("TRANSPOSE", [left, builder.constant([0, 2, 1, 3])], [1, 3, 4, 2])
    mirrored = builder.op("REVERSE_V2", [right, builder.constant([1])], [1, 4, 3, 2])
    taken = builder.op("GATHER_ND", [mirrored, builder.constant([[0, 3], [0, 0], [0, 1]])], [3, 3, 2])
    graph = builder.graph(moved, taken)
    result = lowered(graph)
    golden("passes/lower_movement.txt", format_graph(graph) + "\n" + format_graph(result))
    assert [op.kind for op in result.ops] == ["REARRANGE"] * 5
    assert len({op.id for op in result.ops}) == 5
    assert [op.sources for op in result.ops] == [(0,), (0,), (1,), (2,), (3,)]
    assert result.tensors[right].origin == Origin(right)
    assert any(isinstance(axis, Listed) for axis in attributes_of(result.ops[-1], RearrangeAttributes).axes)


@pytest.mark.parametrize("shape", [(1, 3, 1, 4), (2, 1, 3, 1), (2, 3, 4, 5), (1, 1, 1, 1)])
def test_transpose_is_a_view_exactly_where_bytes_keep_their_order(shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape)).reshape(shape)
    for order in permutations(range(4)):
        moved = values.transpose(order)
        builder = GraphBuilder()
        source = builder.input(shape)
        graph = builder.graph(builder.op("TRANSPOSE", [source, builder.constant(order)], moved.shape))
        (op,) = lowered(graph).ops
        assert (op.kind == "VIEW") == np.array_equal(moved.ravel(), values.ravel()), order
        if op.kind == "REARRANGE":
            positions = attributes_of(op, RearrangeAttributes).positions()
            assert np.array_equal(values.ravel()[positions], moved.ravel())


def test_an_axis_of_one_is_unpacked_in_place() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 1, 72])
    graph = builder.graph(builder.op("UNPACK", [source], [1, 72], UnpackAttributes(0, 1)))
    (op,) = lowered(graph).ops
    assert op.kind == "VIEW"


def test_what_is_computed_at_run_time_is_left() -> None:
    builder = GraphBuilder()
    source, rows = builder.input([4, 3]), builder.input([2, 1], DType.INT32)
    graph = builder.graph(builder.op("GATHER_ND", [source, rows], [2, 3]))
    assert LowerMovement().apply(graph) is graph


def test_padding_of_space_to_batch_comes_first() -> None:
    quant = Quantization((0.5,), (0,))
    builder = GraphBuilder()
    source = builder.input([1, 3, 4, 2], quant=quant)
    tables = [builder.constant([2, 2]), builder.constant([[0, 1], [0, 0]])]
    graph = builder.graph(builder.op("SPACE_TO_BATCH_ND", [source, *tables], [4, 2, 2, 2], quant=quant))
    result = lowered(graph)
    assert [op.kind for op in result.ops] == ["PAD", "REARRANGE"]
    padded = result.result(result.ops[0])
    assert (padded.shape, padded.origin, padded.quant) == ((1, 4, 4, 2), None, quant)
    assert all(op.sources == (0,) for op in result.ops)


def concatenated(shapes: list[list[int]], axis: int, output: list[int]) -> Graph:
    builder = GraphBuilder()
    parts = [builder.input(shape) for shape in shapes]
    attributes = ConcatenationAttributes(axis, Activation.NONE)
    return builder.graph(builder.op("CONCATENATION", parts, output, attributes))


def test_concatenation_joins_rows(golden: Golden) -> None:
    graph = concatenated([[2, 3, 4], [2, 1, 4]], -2, [2, 4, 4])
    result = JoinInPlace().apply(graph)
    verify(result)
    golden("passes/join_in_place.txt", format_graph(graph) + "\n" + format_graph(result))
    assert [op.kind for op in result.ops] == ["VIEW", "VIEW", "JOIN"]
    assert [result.result(op).shape for op in result.ops] == [(2, 12), (2, 4), (2, 4, 4)]
    assert all(op.sources == (0,) for op in result.ops)


def test_pack_joins_rows() -> None:
    builder = GraphBuilder()
    parts = [builder.input([2, 3]) for _ in range(2)]
    graph = builder.graph(builder.op("PACK", parts, [2, 2, 3], PackAttributes(1, 2)))
    result = JoinInPlace().apply(graph)
    assert [result.result(op).shape for op in result.ops] == [(2, 3), (2, 3), (2, 2, 3)]


def test_a_single_input_is_a_view() -> None:
    (op,) = JoinInPlace().apply(concatenated([[2, 3]], 1, [2, 3])).ops
    assert (op.kind, op.inputs) == ("VIEW", (0,))


def test_positions_of_loops() -> None:
    attributes = RearrangeAttributes(7, (Strided(2, -3), Listed((0, 5, 1))))
    assert attributes.elements == 6
    assert attributes.positions().tolist() == [7, 12, 8, 4, 9, 5]
