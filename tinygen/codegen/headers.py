"""The kernel headers that a library needs: those that are called and everything that they include."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tinygen.errors import UsageError

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)


def collect(roots: Sequence[Path], headers: Iterable[str]) -> dict[str, bytes]:
    """Contents of `headers` and of all that they include with quotes, with newlines as on Unix.

    Args:
        roots: folders of kernel headers, which include each other as if all lay in one folder.
        headers: POSIX paths under one of `roots`.

    Returns:
        Contents by path under its root, in alphabetical order.

    Raises:
        FileNotFoundError: where a header, or what one includes, is not under `roots`.
        UsageError: where two different headers have one path.
    """
    found: dict[str, bytes] = {}
    pending = list(headers)
    while pending:
        path = pending.pop()
        if path in found:
            continue
        if path.startswith("../"):
            raise FileNotFoundError(f"{path} is outside {' and '.join(map(str, roots))}")
        found[path] = _read(roots, path)
        folder = posixpath.dirname(path)
        for name in _INCLUDE.findall(found[path]):
            pending.append(posixpath.normpath(posixpath.join(folder, name.decode())))
    return dict(sorted(found.items()))


def _read(roots: Sequence[Path], path: str) -> bytes:
    files = [root / path for root in roots if (root / path).is_file()]
    contents = {file.read_bytes().replace(b"\r\n", b"\n") for file in files}
    if not contents:
        raise FileNotFoundError(f"{path} is not in {' or '.join(map(str, roots))}")
    if len(contents) > 1:
        raise UsageError(
            f"There are two kernel headers named {path}.",
            why=[f"{file} is one of them." for file in files],
            hints=["Give the header of a custom operator a folder of its own name."],
        )
    return contents.pop()
