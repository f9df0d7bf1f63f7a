"""Writing a BuildPlan into a folder: only what changed, and nothing that somebody edited."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tinygen import files
from tinygen.errors import UsageError
from tinygen.project.plan import BuildPlan, check_path

MANIFEST = ".tinygen/manifest.json"
"""What tinygen wrote: SHA-256 by path."""


@dataclass(frozen=True)
class WriteResult:
    """What writing did; paths inside the project.

    Attributes:
        written: files whose content changed or that did not exist.
        unchanged: how many generated files had the right content already.
        removed: files of an earlier plan that this one does not have.
        kept: generated files, or stale ones, that somebody edited; left as they are.
    """

    written: tuple[str, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence per edited file."""
        return tuple(f"{path} was edited by hand and is kept; --force writes it anew." for path in self.kept)


@dataclass(frozen=True)
class _Manifest:
    """Digests of what tinygen wrote, and of what it was about to write when it last stopped half-way."""

    files: Mapping[str, str] = field(default_factory=dict)
    pending: Mapping[str, str] = field(default_factory=dict)

    def wrote(self, path: str, digest: str) -> bool:
        return digest in (self.files.get(path), self.pending.get(path))

    def encode(self, plan_digest: str) -> bytes:
        content = {"version": 1, "plan": plan_digest, "files": dict(sorted(self.files.items()))}
        if self.pending:
            content["pending"] = dict(sorted(self.pending.items()))
        return (json.dumps(content, indent=1) + "\n").encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_on_disk(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.is_file() else None


def _load_manifest(folder: Path) -> _Manifest | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables = [dict(content["files"]), dict(content.get("pending", {}))]
        for name in (name for table in tables for name in table):
            check_path(name)
        return _Manifest(*tables)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} is damaged.",
            why=[str(error)],
            hints=["Delete the file: tinygen then takes every generated file that is as it would write it."],
        ) from error


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, content)


def _remove(folder: Path, path: str) -> None:
    (folder / path).unlink(missing_ok=True)
    for parent in (folder / path).parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()


def _foreign(plan: BuildPlan, on_disk: Mapping[str, str | None], folder: Path) -> UsageError | None:
    """The error for a folder that tinygen never wrote to but that has other files where it would write."""
    taken = [
        path for path, content in plan.generated.items() if on_disk[path] not in (None, _digest(content))
    ]
    if not taken:
        return None
    return UsageError(
        f"{folder} is not a tinygen project, and has files that one would replace.",
        why=[f"{path} exists" for path in taken[:5]] + (["…"] if len(taken) > 5 else []),
        hints=["Name another folder: -o DIR.", "Replace these files: --force."],
    )


def _write(plan: BuildPlan, folder: Path, *, force: bool) -> WriteResult:
    manifest = _load_manifest(folder)
    wanted = {path: _digest(content) for path, content in plan.generated.items()}
    stale = [path for path in (manifest.files if manifest else {}) if path not in wanted]
    on_disk = {path: _digest_on_disk(folder / path) for path in (*wanted, *stale)}
    if manifest is None and not force and (error := _foreign(plan, on_disk, folder)):
        raise error
    manifest = manifest or _Manifest()

    def edited(path: str) -> bool:
        found = on_disk[path]
        return not force and found is not None and not manifest.wrote(path, found)

    kept = [path for path in wanted if on_disk[path] != wanted[path] and edited(path)]
    kept_stale = [path for path in stale if edited(path) and path not in plan.user]
    write = [path for path in wanted if on_disk[path] != wanted[path] and path not in kept]
    remove = [path for path in stale if path not in kept_stale and path not in plan.user]
    create = [path for path in plan.user if not (folder / path).exists()]
    after = _Manifest(wanted | {path: manifest.files[path] for path in kept_stale})
    if write or remove:
        _replace(folder / MANIFEST, _Manifest(manifest.files, wanted).encode(plan.digest))
    for path in (*write, *create):
        _replace(folder / path, (plan.generated if path in wanted else plan.user)[path])
    for path in remove:
        _remove(folder, path)
    encoded = after.encode(plan.digest)
    if _digest_on_disk(folder / MANIFEST) != _digest(encoded):
        _replace(folder / MANIFEST, encoded)
    return WriteResult(
        written=tuple(sorted([*write, *create])),
        unchanged=sum(on_disk[path] == digest for path, digest in wanted.items()),
        removed=tuple(path for path in remove if on_disk[path] is not None),
        kept=tuple(sorted([*kept, *kept_stale])),
    )


def write(plan: BuildPlan, folder: Path, *, force: bool = False) -> WriteResult:
    """Bring a folder to a plan.

    Files that already have the right content are not touched, so that PlatformIO recompiles only what
    changed. A generated file that somebody edited is kept and reported. User files are written once.
    Each file is written whole or not at all; a run that was interrupted is completed by the next.

    Args:
        plan: what the folder shall hold.
        folder: made where it does not exist.
        force: write edited files anew, and write over files of a folder that is no tinygen project.

    Raises:
        UsageError: when the folder cannot be written, holds something else, or its manifest is damaged.
    """
    try:
        return _write(plan, folder, force=force)
    except OSError as error:
        place = error.filename or folder
        raise UsageError(
            f"The project cannot be written to {folder}.",
            why=[f"{place}: {error.strerror or error}."],
            hints=["Name a folder that you may write to: -o DIR."],
        ) from error


def edited_files(folder: Path, below: Iterable[str] = ("",)) -> tuple[str, ...]:
    """Generated files of the project in `folder` that differ from what tinygen wrote.

    Args:
        folder: a project.
        below: prefixes of the paths to look at.

    Raises:
        UsageError: when the manifest is damaged.
    """
    manifest = _load_manifest(folder) or _Manifest()
    prefixes = tuple(below)
    return tuple(
        path
        for path, digest in sorted(manifest.files.items())
        if path.startswith(prefixes) and _digest_on_disk(folder / path) not in (None, digest)
    )
