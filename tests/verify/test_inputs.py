"""Random inputs and a user's files."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinygen.errors import UsageError
from tinygen.ir import DType, Graph, Op, Quantization, Tensor
from tinygen.ops.registry import operators
from tinygen.verify import load_inputs, random_inputs

QUANT = Quantization((0.5,), (-10,))


def _graph(*inputs: tuple[str, tuple[int, ...], DType, Quantization | None]) -> Graph:
    tensors = {key: Tensor(key, *details) for key, details in enumerate(inputs)}
    return Graph("main", tensors, (), tuple(tensors), tuple(tensors))


IMAGE = _graph(("image", (1, 2, 3), DType.INT8, QUANT))
TWO = _graph(("a", (2,), DType.INT8, QUANT), ("b", (3,), DType.FLOAT32, None))


def _save(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "inputs.npz"
    np.savez(path, **arrays)
    return path


def _refusal(path: Path, graph: Graph) -> str:
    with pytest.raises(UsageError) as error:
        load_inputs(path, graph)
    assert error.value.exit_code == 2
    return str(error.value)


# random_inputs


def test_random_inputs_depend_on_the_seed_only():
    one, same, other = (random_inputs(IMAGE, 3, seed) for seed in (4, 4, 5))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0][0], other[0][0])


def test_more_samples_do_not_change_the_first_ones():
    few, many = random_inputs(TWO, 2, 1), random_inputs(TWO, 9, 1)
    for left, right in zip(few, many, strict=False):
        assert all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(DType.INT8, -128, 127), (DType.UINT8, 0, 255), (DType.BOOL, 0, 1), (DType.INT4, -8, 7)],
)
def test_random_integers_take_the_whole_range(dtype, low, high):
    ((values,),) = random_inputs(_graph(("x", (5000,), dtype, None)), 1, 0)
    assert values.dtype == dtype.numpy
    assert (int(values.min()), int(values.max())) == (low, high)


@pytest.mark.parametrize(
    ("kind", "options", "position", "limit"),
    [
        ("GATHER", {"axis": -1}, 1, 5),
        ("GATHER_ND", {}, 1, 3),
        ("EMBEDDING_LOOKUP", {}, 0, 7),
        ("ADD", {}, 1, None),
    ],
)
def test_random_indices_are_inside(kind, options, position, limit):
    shape = (3, 5) if position else (7, 5)
    tensors = {
        0: Tensor(0, "indices", (400, 2), DType.INT32),
        1: Tensor(1, "table", shape, DType.INT8, QUANT, np.zeros(shape, np.int8)),
        2: Tensor(2, "y", (400,), DType.INT8, QUANT),
    }
    inputs = (1, 0) if position else (0, 1)
    op = Op(0, kind, inputs, (2,), operators()[kind].from_options(options))
    ((values,),) = random_inputs(Graph("main", tensors, (op,), (0,), (2,)), 1, 0)
    if limit is None:
        assert values.min() < -1_000_000
    else:
        assert (values.min(), values.max()) == (0, limit - 1)


def test_random_floats_stay_in_the_quantization_that_follows():
    tensors = {
        0: Tensor(0, "real", (4000,), DType.FLOAT32),
        1: Tensor(1, "view", (4000, 1), DType.FLOAT32),
        2: Tensor(2, "q", (4000, 1), DType.INT8, QUANT),
    }
    ops = (Op(0, "RESHAPE", (0, None), (1,)), Op(1, "QUANTIZE", (1,), (2,)))
    ((values,),) = random_inputs(Graph("main", tensors, ops, (0,), (2,)), 1, 0)
    assert values.dtype == np.float32
    low, high = 0.5 * (-128 + 10), 0.5 * (127 + 10)
    assert low <= values.min() < low + 1
    assert high - 1 < values.max() <= high


def test_random_floats_without_quantization_lie_around_zero():
    ((values,),) = random_inputs(_graph(("x", (1000,), DType.FLOAT32, None)), 1, 0)
    assert -1 <= values.min() < -0.9
    assert 0.9 < values.max() <= 1


# load_inputs


def test_one_sample_in_the_model_s_dtype_is_taken_as_it_is(tmp_path):
    value = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    ((loaded,),) = load_inputs(_save(tmp_path, in0=value), IMAGE)
    assert loaded.dtype == np.int8
    assert np.array_equal(loaded, value)


@pytest.mark.parametrize("shape", [(4, 1, 2, 3), (4, 2, 3)])
def test_samples_are_stacked_on_a_new_axis_or_on_the_batch_axis(tmp_path, shape):
    value = np.arange(24, dtype=np.int8).reshape(shape)
    samples = load_inputs(_save(tmp_path, image=value), IMAGE)
    assert len(samples) == 4
    assert all(sample[0].shape == (1, 2, 3) for sample in samples)
    assert [int(sample[0][0, 0, 0]) for sample in samples] == [0, 6, 12, 18]


def test_an_npy_is_the_only_input(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.full((1, 2, 3), 7, np.int8))
    ((loaded,),) = load_inputs(path, IMAGE)
    assert (loaded == 7).all()
    assert "in1 or 'b'" in _refusal(path, TWO)


def test_an_array_in_fortran_order_keeps_its_elements(tmp_path):
    value = np.asfortranarray(np.arange(6, dtype=np.int8).reshape(1, 2, 3))
    ((loaded,),) = load_inputs(_save(tmp_path, in0=value), IMAGE)
    assert np.array_equal(loaded, value)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_real_values_are_quantized_with_the_model_s_scale(tmp_path, dtype):
    value = np.array([[[0, 0.5, -0.75], [100, -100, 1.25]]], dtype)
    ((loaded,),) = load_inputs(_save(tmp_path, in0=value), IMAGE)
    assert loaded.dtype == np.int8
    assert loaded.tolist() == [[[-10, -9, -12], [127, -128, -7]]]


def test_several_inputs_by_either_name_in_the_model_s_order(tmp_path):
    a, b = np.array([1, 2], np.int8), np.array([1, 2, 3], np.float64)
    for path in (_save(tmp_path, in1=b, in0=a), _save(tmp_path, b=b, a=a)):
        ((first, second),) = load_inputs(path, TWO)
        assert first.tolist() == [1, 2]
        assert second.dtype == np.float32
        assert second.tolist() == [1, 2, 3]


def test_a_file_of_outputs_and_inputs_can_be_given_back(tmp_path):
    path = _save(
        tmp_path, in0=np.zeros((2, 1, 2, 3), np.int8), out0=np.zeros((2, 5)), metadata=np.array("{}")
    )
    assert len(load_inputs(path, IMAGE)) == 2


def test_wrong_names_are_listed_with_the_right_ones(tmp_path):
    message = _refusal(_save(tmp_path, picture=np.zeros((1, 2, 3), np.int8)), IMAGE)
    assert "expected in0 or 'image': int8[1,2,3]" in message
    assert "found    picture" in message


def test_a_surplus_array_is_refused(tmp_path):
    value = np.zeros((1, 2, 3), np.int8)
    assert "in0, in1" in _refusal(_save(tmp_path, in0=value, in1=value), IMAGE)


def test_a_wrong_shape_is_refused_with_both_shapes(tmp_path):
    message = _refusal(_save(tmp_path, in0=np.zeros((1, 3, 2), np.int8)), IMAGE)
    assert "int8[1,2,3]" in message
    assert "found    in0: int8[1,3,2]" in message


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_, np.complex64, "<U3"])
def test_a_wrong_dtype_is_refused(tmp_path, dtype):
    message = _refusal(_save(tmp_path, in0=np.zeros((1, 2, 3), dtype)), IMAGE)
    assert "expected int8 (quantized values) or real values as float32" in message


def test_integers_are_no_values_for_a_float_input(tmp_path):
    path = _save(tmp_path, a=np.zeros(2, np.int8), b=np.zeros(3, np.int32))
    assert "another type than input 'b'" in _refusal(path, TWO)


def test_a_quantized_input_without_quantization_takes_no_real_values(tmp_path):
    graph = _graph(("ids", (2,), DType.INT32, None))
    assert "another type" in _refusal(_save(tmp_path, in0=np.zeros(2, np.float32)), graph)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(tmp_path, bad):
    value = np.zeros((1, 2, 3), np.float32)
    value[0, 1, 1] = bad
    assert "NaN or infinity" in _refusal(_save(tmp_path, in0=value), IMAGE)


def test_a_float64_beyond_float32_is_refused(tmp_path):
    path = _save(tmp_path, a=np.zeros(2, np.int8), b=np.array([1e300, 0, 0]))
    assert "another type" in _refusal(path, TWO)


def test_different_numbers_of_samples_are_refused(tmp_path):
    path = _save(tmp_path, in0=np.zeros((2, 2), np.int8), in1=np.zeros((3, 3), np.float32))
    message = _refusal(path, TWO)
    assert "in0: 2 samples" in message
    assert "in1: 3 samples" in message


def test_no_samples_and_too_many_are_refused(tmp_path):
    assert "holds 0 samples" in _refusal(_save(tmp_path, in0=np.zeros((0, 1, 2, 3), np.int8)), IMAGE)
    assert "10001 samples" in _refusal(_save(tmp_path, in0=np.zeros((10_001, 1, 2, 3), np.int8)), IMAGE)


def test_names_of_tensors_are_cut_in_messages(tmp_path):
    graph = _graph(("n" * 10_000, (2,), DType.INT8, QUANT))
    assert len(_refusal(_save(tmp_path, x=np.zeros(2, np.int8)), graph)) < 500


def test_an_encrypted_or_foreign_zip_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("in0.npy", "not an array")
    path.write_bytes(buffer.getvalue())
    assert "cannot be read as numpy arrays" in _refusal(path, IMAGE)
