from __future__ import annotations

import numpy as np

from tests.conftest import Golden
from tests.support.graphs import GraphBuilder
from tinygen.ir import DType, Origin, format_graph
from tinygen.ops.pack import PackAttributes
from tinygen.ops.strided_slice import StridedSliceAttributes
from tinygen.passes.constants import FoldConstants
from tinygen.passes.pipeline import lower


def shape_chain() -> GraphBuilder:
    """RESHAPE to [SHAPE(x)[0], 12], as Keras' Flatten is converted with a dynamic batch."""
    builder = GraphBuilder()
    source = builder.input([1, 3, 4])
    shape = builder.op("SHAPE", [source], [3], dtype=DType.INT32)
    bounds = [builder.constant([value]) for value in (0, 1, 1)]
    one = StridedSliceAttributes(0, 0, 0, 0, shrink_axis_mask=1)
    first = bounds[0], bounds[1], bounds[2]
    # begin, end and strides have an entry per dimension of SHAPE's one-dimensional output.
    batch = builder.op("STRIDED_SLICE", [shape, *first], [], one, dtype=DType.INT32)
    size = builder.constant(12)
    packed = builder.op("PACK", [batch, size], [2], PackAttributes(0, 2), dtype=DType.INT32)
    builder.op("RESHAPE", [source, packed], [1, 12])
    return builder


def test_shape_chain_becomes_a_constant(golden: Golden) -> None:
    graph = shape_chain().graph(8)
    folded = FoldConstants().apply(graph)
    golden("passes/fold_constants.txt", format_graph(graph) + "\n" + format_graph(folded))
    (reshape,) = folded.ops
    assert folded.operand(reshape, 1).data is not None
    np.testing.assert_array_equal(folded.operand(reshape, 1).data, [1, 12])


def test_shape_chain_disappears_when_lowered() -> None:
    lowered = lower(shape_chain().graph(8))
    assert [op.kind for op in lowered.ops] == ["VIEW"]
    assert sorted(lowered.tensors) == [0, 8]


def test_folded_tensors_keep_their_origin() -> None:
    folded = FoldConstants().apply(shape_chain().graph(8))
    assert folded.tensors[7].origin == Origin(7)


def test_ops_that_grow_constants_are_left() -> None:
    builder = GraphBuilder()
    values = builder.constant(np.ones((1, 2, 2, 1)), DType.INT8)
    amounts = builder.constant([[0, 0], [3, 3], [3, 3], [0, 0]])
    padded = builder.op("PAD", [values, amounts], [1, 8, 8, 1])
    graph = builder.graph(padded)
    made, given = 64, 4 + 32
    assert FoldConstants(growth=made - given - 1).apply(graph) is graph
    folded = FoldConstants(growth=made - given).apply(graph)
    assert not folded.ops
    assert folded.tensors[padded].data is not None
    assert folded.tensors[padded].data.sum() == 4 + 60 * -3


def test_ops_on_activations_are_left() -> None:
    builder = GraphBuilder()
    source = builder.input([1, 4])
    graph = builder.graph(builder.op("RELU", [source], [1, 4]))
    assert FoldConstants().apply(graph) is graph
