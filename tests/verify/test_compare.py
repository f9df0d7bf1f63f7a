"""Comparison of outputs, bit for bit."""

import numpy as np
import pytest

from tinygen.errors import ToolError
from tinygen.ir import DType, Graph, Tensor
from tinygen.oracle import OracleRun
from tinygen.verify import Comparison, compare, decode_outputs, encode
from tinygen.verify.compare import difference


def test_equal_arrays_have_no_difference():
    assert difference(np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)) is None


def test_the_first_difference_and_the_count():
    expected = np.arange(12, dtype=np.int16).reshape(2, 2, 3)
    actual = expected.copy()
    actual[0, 1, 2] = -7
    actual[1, 0, 0] = 300
    found = difference(expected, actual)
    assert found is not None
    assert (found.index, found.expected, found.actual) == ((0, 1, 2), 5, -7)
    assert (found.count, found.elements) == (2, 12)


def test_a_transposed_array_is_compared_by_element():
    value = np.arange(6, dtype=np.int8).reshape(2, 3)
    assert difference(value, np.asfortranarray(value)) is None


def test_floats_are_compared_as_bits():
    nan = np.array([np.nan, 1.0], np.float32)
    assert difference(nan, nan.copy()) is None
    assert difference(nan, np.array([-np.nan, 1.0], np.float32)) is None
    found = difference(np.zeros(1, np.float32), -np.zeros(1, np.float32))
    assert found is not None
    assert found.index == (0,)


def test_scalars_and_booleans():
    found = difference(np.array(True), np.array(False))
    assert found is not None
    assert (found.index, found.expected, found.actual) == ((), 1, 0)
    assert type(found.expected) is int


@pytest.mark.parametrize("other", [np.zeros((2, 1), np.int8), np.zeros(2, np.uint8)])
def test_another_shape_or_dtype_is_refused(other):
    with pytest.raises(ValueError, match="cannot be compared"):
        difference(np.zeros(2, np.int8), other)


def test_every_output_of_every_sample_counts():
    right = OracleRun((np.zeros(2, np.int8), np.ones(3, np.int8)))
    wrong = (np.array([0, 1], np.int8), np.array([1, 1, 2], np.int8))
    comparison = compare([right, right, right], [right.outputs, wrong, (right.outputs[0], wrong[1])])
    assert not comparison.bit_exact
    assert comparison.samples == 3
    assert comparison.mismatched_outputs == 3
    assert [(item.sample, item.output) for item in comparison.mismatches] == [(1, 0), (1, 1), (2, 1)]


def test_nothing_compared_is_not_bit_exact():
    assert not Comparison(0).bit_exact


def test_a_missing_sample_or_output_is_not_equality():
    run = OracleRun((np.zeros(2, np.int8),))
    with pytest.raises(ValueError, match="shorter"):
        compare([run, run], [run.outputs])
    with pytest.raises(ValueError, match="shorter"):
        compare([run], [()])


def test_outputs_are_decoded_with_dtype_and_shape():
    tensors = {0: Tensor(0, "a", (2, 1), DType.INT16), 1: Tensor(1, "b", (), DType.FLOAT32)}
    graph = Graph("main", tensors, (), (0,), (0, 1))
    outputs = decode_outputs(graph, [b"\x01\x00\xff\xff", np.float32(1.5).tobytes()])
    assert outputs[0].tolist() == [[1], [-1]]
    assert outputs[1].shape == ()
    assert outputs[1] == 1.5
    assert encode(outputs) == (b"\x01\x00\xff\xff", np.float32(1.5).tobytes())


def test_outputs_of_the_wrong_size_are_the_firmware_s_fault():
    graph = Graph("main", {0: Tensor(0, "a", (2,), DType.INT8)}, (), (), (0,))
    with pytest.raises(ToolError, match="returned 3 bytes for 'a', which has 2"):
        decode_outputs(graph, [b"123"])
