"""Reading arrays from files that may be damaged or hostile, and writing them."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinygen.errors import UsageError
from tinygen.oracle import arrays


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _header(text: str) -> bytes:
    raw = text.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw


def _zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(UsageError) as error:
        arrays.read(path)
    return str(error.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(tmp_path, save):
    path = tmp_path / "x.npz"
    values = {
        "a": np.arange(6, dtype=np.int8).reshape(2, 3),
        "b": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "c": np.array("text"),
        "d": np.zeros((0, 3), np.int16),
    }
    save(path, **values)
    found = arrays.read(path)
    assert set(found) == set(values)
    for name, value in values.items():
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)


def test_an_npy_has_the_empty_name(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(_npy(np.arange(3)))
    assert arrays.read(path)[""].tolist() == [0, 1, 2]


def test_what_is_read_belongs_to_the_reader(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(_npy(np.arange(3)))
    found = arrays.read(path)[""]
    found[0] = 5
    assert found[0] == 5


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04rubbish", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", b"hello"]
)
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x.npz"
    path.write_bytes(data)
    assert "cannot be read as numpy arrays" in _refusal(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "does not exist" in _refusal(tmp_path / "none.npz")
    assert "cannot be read" in _refusal(tmp_path)


@pytest.mark.parametrize("cut", [40, 90, 127, 130])
def test_a_truncated_npy_is_refused(tmp_path, cut):
    path = tmp_path / "x.npy"
    path.write_bytes(_npy(np.arange(3))[:cut])
    assert "cannot be read as numpy arrays" in _refusal(path)


def test_bytes_after_the_array_are_refused(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(_npy(np.arange(3)) + b"more")
    assert "announces 24 bytes" in _refusal(path)


def test_a_damaged_member_is_refused(tmp_path):
    path = _zip(tmp_path / "x.npz", {"a.npy": _npy(np.arange(300))})
    data = bytearray(path.read_bytes())
    data[400] ^= 0xFF
    path.write_bytes(data)
    assert "CRC" in _refusal(path)


def test_python_objects_are_never_loaded(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.array([print], dtype=object), allow_pickle=True)
    assert "Python objects" in _refusal(path)


@pytest.mark.parametrize("shape", ["(1099511627776,)", "(4294967296, 4294967296, 4294967296)", "(-1, -24)"])
def test_a_shape_that_the_file_does_not_hold_takes_no_memory(tmp_path, shape):
    path = tmp_path / "x.npy"
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}}}\n"
    path.write_bytes(_header(header) + b"123456789012345678901234")
    assert "announces" in _refusal(path)


@pytest.mark.parametrize(
    "header", ["(" * 9000, "{'descr': '|i1'}", "[]", "{" * 300, "\0" * 100, "1" * 20_000]
)
def test_a_hostile_header_is_refused(tmp_path, header):
    path = tmp_path / "x.npy"
    path.write_bytes(_header(header))
    assert "cannot be read as numpy arrays" in _refusal(path)


def test_a_header_of_another_version_is_refused(tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x09\x00rest")
    assert "unknown version" in _refusal(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    bomb = b"\0" * (9 << 20)
    members = {f"in{number}.npy": bomb for number in range(30)}
    path = _zip(tmp_path / "x.npz", members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    assert f"of {30 * len(bomb)} bytes" in _refusal(path)


def test_too_many_arrays_are_refused(tmp_path):
    members = {f"a{number}.npy": b"" for number in range(arrays.MAX_ARRAYS + 1)}
    assert "unpacks to 1025 arrays" in _refusal(_zip(tmp_path / "x.npz", members))


def test_two_arrays_of_one_name_are_refused(tmp_path):
    data = _npy(np.arange(3))
    assert "two arrays named 'a'" in _refusal(_zip(tmp_path / "x.npz", {"a": data, "a.npy": data}))


def test_an_encrypted_member_is_refused(tmp_path):
    path = _zip(tmp_path / "x.npz", {"a.npy": _npy(np.arange(3))})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in _refusal(path)


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    values = {"in0": np.arange(6, dtype=np.int8), "metadata": np.array("{}")}
    arrays.write(tmp_path / "a.npz", values)
    arrays.write(tmp_path / "b.npz", values)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_writing_replaces_a_file_whole(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    arrays.write(path, {"x": np.arange(3)})
    assert arrays.read(path)["x"].tolist() == [0, 1, 2]


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        arrays.write(tmp_path / "none" / "a.npz", {"x": np.arange(3)})


def test_a_target_that_is_a_folder_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        arrays.write(tmp_path / "a.npz", {"x": np.arange(3)})
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
