"""TOML into a strict pydantic model, with errors that name file, key and line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tinygen.errors import TinygenError, UsageError

ModelType = TypeVar("ModelType", bound=BaseModel)

MAX_BYTES = 1 << 20
"""Larger files are no configuration, whatever their name says."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+)\s*=")


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def line_of(text: str, location: Sequence[str | int]) -> int:
    """The line, from 1, where the key at `location` is written, else that of the nearest table around it.

    Args:
        text: TOML.
        location: keys and array indices from the root, as pydantic gives them.
    """
    wanted = list(location)
    counts: dict[str, int] = {}
    table: list[str | int] = []
    best, best_length = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        path: list[str | int]
        if header := _HEADER.match(line):
            table = list(_parts(header[2]))
            if header[1] == "[[":
                index = counts.get(header[2], -1) + 1
                counts[header[2]] = index
                table.append(index)
            path = table
        elif key := _KEY.match(line):
            path = [*table, *_parts(key[1])]
        else:
            continue
        if path == wanted[: len(path)] and len(path) > best_length:
            best, best_length = number, len(path)
    return best


def _fault(path: Path, text: str, error: ErrorDetails) -> str:
    # pydantic appends the branch of a union, and prefixes messages of validators: neither is in the file.
    location = error["loc"]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    message = error["msg"].removeprefix("Value error, ")
    shown = "" if error["type"] == "missing" or not location else f" (found {_short(error['input'])})"
    return f"{path}:{line_of(text, location)}: {key or 'the file'}: {message}{shown}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read(path: Path) -> str:
    """The text of a TOML file.

    Raises:
        UsageError: when it cannot be read.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is no TOML file.", why=[f"It is larger than {MAX_BYTES} bytes."])
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is no TOML file.", why=[f"It is not UTF-8 text: {error.reason}."]
        ) from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read.",
            why=[f"{error.strerror or error}."],
            hints=["Check the path of the file."],
        ) from error


def parse(
    model: type[ModelType], text: str, path: Path, *, what: str, error: type[TinygenError] = UsageError
) -> ModelType:
    """Check TOML against a schema.

    Args:
        model: the schema; strict, so that nothing is converted.
        text: TOML.
        path: named in errors.
        what: what the file describes, for the error's first sentence.
        error: raised for facts that break the schema.

    Raises:
        UsageError: when the text is not TOML.
        error: with every broken rule, as `file:line: key: rule`.
    """
    try:
        # JSON in between: pydantic's strict mode takes arrays as tuples and strings as enums from JSON only.
        data = json.dumps(tomllib.loads(text), default=str)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        place = re.search(r"line (\d+)", str(problem))
        raise UsageError(
            f"{path} is not valid TOML.", why=[f"{path}:{place[1] if place else 1}: {problem}"]
        ) from problem
    try:
        return model.model_validate_json(data)
    except ValidationError as problem:
        faults = [_fault(path, text, item) for item in problem.errors(include_url=False)]
        raise error(f"{path} does not describe {what}.", why=faults) from problem
