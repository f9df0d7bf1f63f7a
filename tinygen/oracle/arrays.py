"""Reads and writes .npy and .npz files; what is read comes from users and may be hostile."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from tinygen import files
from tinygen.errors import UsageError
from tinygen.ir import Array

MAX_BYTES = 256 << 20
"""Unpacked bytes that a file may have; a small .npz can unpack to terabytes."""

MAX_ARRAYS = 1024
"""Arrays that an .npz may have."""

_NPY_MAGIC = b"\x93NUMPY"
_ZIP_MAGIC = b"PK"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _unreadable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} cannot be read as numpy arrays.",
        why=[f"{why[:1].upper()}{why[1:]}."],
        hints=["Write it with numpy.savez(path, in0=array) or numpy.save(path, array)."],
    )


def _array(stream: BinaryIO, size: int, path: Path, name: str) -> Array:
    """One .npy stream of `size` bytes, its header checked against that before memory is taken."""
    reader = _HEADERS.get(np.lib.format.read_magic(stream))
    if reader is None:
        raise _unreadable(path, f"{name} has a .npy header of an unknown version")
    try:
        shape, fortran, dtype = reader(stream)
    except Exception as error:  # numpy evaluates the header as Python: any of its parsers' errors
        raise _unreadable(path, f"the .npy header of {name} is damaged") from error
    if dtype.hasobject:
        raise _unreadable(path, f"{name} holds Python objects, which are never loaded")
    expected = prod(shape) * dtype.itemsize
    data = stream.read(min(expected, MAX_BYTES) + 1)
    if len(data) != expected or any(extent < 0 for extent in shape):
        raise _unreadable(
            path, f"{name} announces {expected} bytes ({dtype}{list(shape)}) of {size} in the file"
        )
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()


def _read_npy(path: Path) -> dict[str, Array]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise _unreadable(path, f"it has {size} bytes; the limit is {MAX_BYTES}")
    with path.open("rb") as stream:
        return {"": _array(stream, size, path, path.name)}


def _read_npz(path: Path) -> dict[str, Array]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if len(members) > MAX_ARRAYS or total > MAX_BYTES:
            raise _unreadable(
                path,
                f"it unpacks to {len(members)} arrays of {total} bytes; "
                f"the limits are {MAX_ARRAYS} and {MAX_BYTES}",
            )
        arrays: dict[str, Array] = {}
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise _unreadable(path, f"it has two arrays named {name!r}")
            with archive.open(member) as stream:
                arrays[name] = _array(cast(BinaryIO, stream), member.file_size, path, repr(name))
    return arrays


def read(path: Path) -> dict[str, Array]:
    """The arrays of an .npz by name; those of an .npy under the empty name.

    Nothing is unpickled, and no more than MAX_BYTES is unpacked.

    Raises:
        UsageError: the file is missing, damaged, too large or something else.
    """
    try:
        with path.open("rb") as stream:
            magic = stream.read(len(_NPY_MAGIC))
        if magic == _NPY_MAGIC:
            return _read_npy(path)
        if magic.startswith(_ZIP_MAGIC):
            return _read_npz(path)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", why=[f"{error.strerror or error}."]) from error
    # RuntimeError: encrypted, or a compression that is not known.
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise _unreadable(path, str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    raise _unreadable(path, "it is neither an .npz nor an .npy file")


def write(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an .npz; the same arrays give the same bytes, and the file appears whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(arrays))
    files.write(path, buffer.getvalue())
