"""Files of golden vectors."""

import numpy as np
import pytest

from tinygen.errors import UsageError
from tinygen.ir import DType, Graph, Model, Tensor
from tinygen.oracle import Provenance, VectorsOracle, choose_oracle, vectors

DIGEST = "ab" * 32
PROVENANCE = Provenance(DIGEST, "tflm", "0.1", seed=3)
INPUTS = [(np.array([[n, 1]], np.int8), np.array([n, 2, 3], np.float32)) for n in range(4)]
OUTPUTS = [(np.array([n * 2], np.int16),) for n in range(4)]


def _model(sha256: str = DIGEST) -> Model:
    tensors = {
        0: Tensor(0, "a", (1, 2), DType.INT8),
        1: Tensor(1, "b", (3,), DType.FLOAT32),
        2: Tensor(2, "c", (1,), DType.INT16),
    }
    return Model("m", sha256, (Graph("main", tensors, (), (0, 1), (2,)),))


def _saved(tmp_path) -> VectorsOracle:
    path = tmp_path / "v.npz"
    vectors.save(path, INPUTS, OUTPUTS, PROVENANCE)
    return vectors.load(path, _model())


def test_what_was_saved_is_loaded(tmp_path):
    oracle = _saved(tmp_path)
    assert (oracle.name, oracle.version) == ("vectors", "tflm 0.1")
    assert len(oracle.samples) == 4
    runs = oracle.run(oracle.samples, keep=[0, 1])
    assert [run.outputs[0].tolist() for run in runs] == [[0], [2], [4], [6]]
    assert all(not run.tensors for run in runs)
    assert all(
        np.array_equal(got, given)
        for sample, expected in zip(oracle.samples, INPUTS, strict=True)
        for got, given in zip(sample, expected, strict=True)
    )


def test_the_file_is_named_arrays_stacked_over_samples(tmp_path):
    _saved(tmp_path)
    with np.load(tmp_path / "v.npz") as found:
        assert {name: found[name].shape for name in found} == {
            "in0": (4, 1, 2),
            "in1": (4, 3),
            "out0": (4, 1),
            "metadata": (),
        }


def test_the_first_samples_have_answers_and_others_have_none(tmp_path):
    oracle = _saved(tmp_path)
    assert len(oracle.run(oracle.samples[:2])) == 2
    for samples in (oracle.samples[1:2], (*oracle.samples, oracle.samples[0]), [INPUTS[0][:1]]):
        with pytest.raises(UsageError, match="no outputs for these inputs"):
            oracle.run(samples)


def test_another_model_s_vectors_are_refused(tmp_path):
    _saved(tmp_path)
    with pytest.raises(UsageError, match="made for another model") as error:
        vectors.load(tmp_path / "v.npz", _model("cd" * 32))
    assert DIGEST in str(error.value)
    assert "cd" * 32 in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"in0": np.zeros((4, 1, 3), np.int8)},
        {"in0": np.zeros((4, 1, 2), np.uint8)},
        {"in0": np.zeros((1, 2), np.int8)},
        {"out0": np.zeros((3, 1), np.int16)},
        {"out0": np.zeros((4, 1), np.int32)},
        {"out1": np.zeros((4, 1), np.int16)},
        {"in1": None},
        {
            "in0": np.zeros((0, 1, 2), np.int8),
            "in1": np.zeros((0, 3), np.float32),
            "out0": np.zeros((0, 1), np.int16),
        },
        {"out0": np.int16(3)},
    ],
)
def test_wrong_names_shapes_or_dtypes_are_listed(tmp_path, change):
    path = tmp_path / "v.npz"
    right = {**vectors.stack("in", INPUTS), **vectors.stack("out", OUTPUTS)}
    np.savez(path, **{name: array for name, array in (right | change).items() if array is not None})
    with pytest.raises(UsageError, match="does not hold vectors of this model") as error:
        vectors.load(path, _model())
    assert "expected in0: int8[samples,1,2]; in1: float32[samples,3]; out0: int16[samples,1]" in str(
        error.value
    )
    assert "found    " in str(error.value)


def test_a_file_without_metadata_has_an_unknown_oracle(tmp_path):
    path = tmp_path / "v.npz"
    np.savez(path, **vectors.stack("in", INPUTS), **vectors.stack("out", OUTPUTS))
    assert vectors.load(path, _model()).version == "unknown"


@pytest.mark.parametrize("metadata", ["", "[1]", "{", "[" * 100_000])
def test_damaged_metadata_is_refused(tmp_path, metadata):
    path = tmp_path / "v.npz"
    np.savez(path, **vectors.stack("in", INPUTS), metadata=np.array(metadata))
    with pytest.raises(UsageError, match="not a JSON object"):
        vectors.load(path, _model())


def test_a_vectors_file_is_chosen_before_any_interpreter(tmp_path):
    _saved(tmp_path)
    oracle = choose_oracle(tmp_path / "no model is read.tflite", _model(), tmp_path / "v.npz")
    assert isinstance(oracle, VectorsOracle)
