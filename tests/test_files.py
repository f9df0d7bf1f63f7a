"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinygen import files
from tinygen.errors import UsageError


def test_a_file_gets_new_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, b"one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_what_stops_half_way_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def stop(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [".", "none/file", "x" * 300])
def test_what_cannot_be_written(tmp_path: Path, name: str) -> None:
    for action in (files.require_writable, lambda path: files.write(path, b"data")):
        with pytest.raises(UsageError, match="cannot be written"):
            action(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_asking_whether_a_file_can_be_written_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = path.stat()
    files.require_writable(path)
    files.require_writable(tmp_path / "new")
    files.require_writable(None)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (b"old", before.st_mtime_ns)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot be written"):
        files.require_writable(tmp_path / "file")
