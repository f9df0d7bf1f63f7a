"""The kernel headers that a library needs: those that are called and everything that they include."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)


def collect(root: Path, headers: Iterable[str]) -> dict[str, bytes]:
    """Contents of `headers` and of all that they include with quotes, with newlines as on Unix.

    Args:
        root: the folder of kernel headers.
        headers: POSIX paths under `root`.

    Returns:
        Contents by path under `root`, in alphabetical order.

    Raises:
        FileNotFoundError: where a header, or what one includes, is not under `root`.
    """
    found: dict[str, bytes] = {}
    pending = list(headers)
    while pending:
        path = pending.pop()
        if path in found:
            continue
        if path.startswith("../"):
            raise FileNotFoundError(f"{path} is outside {root}")
        content = (root / path).read_bytes().replace(b"\r\n", b"\n")
        found[path] = content
        folder = posixpath.dirname(path)
        for name in _INCLUDE.findall(content):
            pending.append(posixpath.normpath(posixpath.join(folder, name.decode())))
    return dict(sorted(found.items()))
