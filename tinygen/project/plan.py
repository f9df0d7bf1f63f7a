"""A BuildPlan: what a project folder holds, as data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath


def check_path(path: str) -> None:
    """Refuse what is not a plain relative POSIX path.

    Raises:
        ValueError: for an absolute path, one that leaves the folder, or one that Windows reads otherwise.
    """
    parts = PurePosixPath(path).parts
    plain = parts and str(PurePosixPath(path)) == path and ".." not in parts and not path.startswith("/")
    if not plain or "\\" in path or PureWindowsPath(path).drive:
        raise ValueError(f"not a path inside a project: {path!r}")


@dataclass(frozen=True)
class BuildPlan:
    """The files of a project.

    Attributes:
        generated: contents by POSIX path; rewritten whenever they change.
        user: contents by POSIX path; written where there is no such file, and the user's from then on.
    """

    generated: Mapping[str, bytes] = field(repr=False)
    user: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for path in (*self.generated, *self.user):
            check_path(path)
        folded = [path.casefold() for path in (*self.generated, *self.user)]
        if len(set(folded)) != len(folded):
            raise ValueError("two files of a plan have the same path on a file system that ignores case")

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, over every path and content."""
        total = hashlib.sha256()
        for kind, files in (("generated", self.generated), ("user", self.user)):
            for path, content in sorted(files.items()):
                total.update(f"{kind} {path} {len(content)}\n".encode())
                total.update(content)
        return total.hexdigest()
