"""Writing files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tinygen.errors import UsageError


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name[:40]}.{os.getpid()}.partial")


def replace(path: Path, content: bytes) -> None:
    """Give a file new content in one step: nobody ever sees half of it.

    Raises:
        OSError: when that fails; the file is then as it was.
    """
    partial = _partial(path)
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write(path: Path, content: bytes) -> None:
    """Write a file that a user named.

    Raises:
        UsageError: when it cannot be written; the file is then as it was.
    """
    try:
        replace(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error


def require_writable(path: Path | None) -> None:
    """Refuse a file that `write` could not write; None is no file.

    Raises:
        UsageError: when it cannot be written.
    """
    if path is None:
        return
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        partial = _partial(path)
        partial.write_bytes(b"")
        partial.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} cannot be written.",
        why=[f"{error.strerror or error}."],
        hints=["Name a file in a folder that exists and that you may write to."],
    )
