"""Reads .tflite files: what is damaged, what is not supported, and the Model of the rest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tinygen.errors import ModelError, UsageError
from tinygen.frontend import schema
from tinygen.frontend.names import c_identifier, shortened
from tinygen.frontend.refusals import FULL_INT8, Source, refusal
from tinygen.frontend.schema import DamagedError
from tinygen.frontend.subgraphs import make_graphs
from tinygen.ir import Model
from tinygen.ops.operator import Violation

MAX_FILE = 256 << 20
"""Bytes of a file."""

_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3
_COMPRESSED = "COMPRESSION_METADATA"
_LISTED = 50
"""Violations that one message lists."""

_FOREIGN = (
    (b"PK\x03\x04", "a .keras or other ZIP archive"),
    (b"\x89HDF", "a Keras .h5 file"),
    (b"\x08", "an ONNX or SavedModel protocol buffer"),
)


@dataclass(frozen=True)
class Survey:
    """A model that could be read, supported or not.

    Attributes:
        name: what to call the model in messages.
        model: its graphs.
        refusal: why the whole model is refused, or None.
        violations: rules that ops of the main graph break.
    """

    name: str
    model: Model
    refusal: ModelError | None
    violations: tuple[Violation, ...]

    def supported(self) -> Model:
        """The model, if tinygen supports all of it.

        Raises:
            ModelError: with every reason at once.
        """
        if self.refusal is not None:
            raise self.refusal
        if self.violations:
            raise _unsupported(self.name, self.violations)
        return self.model


def read(path: Path, *, allow_float: bool = False) -> Model:
    """The model in a .tflite file.

    Args:
        path: the file.
        allow_float: accept a model that is float32 throughout.

    Raises:
        UsageError: where the file cannot be read.
        ModelError: where it is damaged or not supported.
    """
    return load(path, allow_float=allow_float).supported()


def load(path: Path, *, allow_float: bool = False) -> Survey:
    """The model in a .tflite file with all that is not supported about it.

    Args:
        path: the file.
        allow_float: accept a model that is float32 throughout.

    Raises:
        UsageError: where the file cannot be read.
        ModelError: where it is damaged.
    """
    try:
        if path.is_file() and path.stat().st_size > MAX_FILE:
            raise _too_large(path.name)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The model {path} cannot be read.",
            why=(f"{error.strerror or error}.",),
            hints=("Check the path of the .tflite file.",),
        ) from error
    return survey(data, path.name, allow_float=allow_float)


def parse(data: bytes, name: str, *, allow_float: bool = False) -> Model:
    """The model in the bytes of a .tflite file.

    Args:
        data: the file.
        name: what to call it in messages and, without ".tflite" and made an identifier, in C.
        allow_float: accept a model that is float32 throughout.

    Raises:
        ModelError: where it is damaged or not supported.
    """
    return survey(data, name, allow_float=allow_float).supported()


def survey(data: bytes, name: str, *, allow_float: bool = False) -> Survey:
    """As `parse`, but tells what is not supported instead of raising.

    Raises:
        ModelError: where the bytes are damaged.
    """
    _check_file(data, name)
    try:
        raw = schema.decode(data)
        if raw.version != _SCHEMA_VERSION:
            raise _other_version(name, raw.version)
        if _COMPRESSED in raw.metadata:
            raise _compressed(name)
        (main, *others), violations = make_graphs(raw)
    except DamagedError as error:
        raise ModelError(
            f"{name} is damaged or truncated.",
            why=(_sentence(str(error)),),
            hints=("Copy or download the file again.", "Convert the model again."),
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    model = Model(c_identifier(name.removesuffix(".tflite")), digest, (main, *others))
    return Survey(name, model, refusal(Source(name, raw, main, allow_float)), tuple(violations))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _too_large(name: str) -> ModelError:
    return ModelError(f"{name} is larger than {MAX_FILE >> 20} MiB.", hints=("Use a smaller model.",))


def _other_version(name: str, version: int) -> ModelError:
    return ModelError(
        f"{name} has schema version {version}; tinygen reads version {_SCHEMA_VERSION}.",
        hints=("Convert the model again with TensorFlow 2.",),
    )


def _compressed(name: str) -> ModelError:
    return ModelError(
        f"{name} has weights compressed by metadata.",
        why=("TensorFlow Lite Micro reads them only in a special build; DECODE operators took their place.",),
        hints=("Give the model before compression.", "Compress it with a current tflite-micro."),
    )


def _check_file(data: bytes, name: str) -> None:
    if len(data) > MAX_FILE:
        raise _too_large(name)
    if not data:
        raise ModelError(f"{name} is empty.", hints=("Copy or download the file again.",))
    if data[4:8] != _IDENTIFIER:
        format_name = next((what for magic, what in _FOREIGN if data.startswith(magic)), None)
        found = f"It looks like {format_name}." if format_name else "The bytes 4 to 7 are not 'TFL3'."
        raise ModelError(
            f"{name} is not a TFLite model.", why=(found,), hints=("Give a .tflite file.", FULL_INT8)
        )


def _unsupported(name: str, violations: tuple[Violation, ...]) -> ModelError:
    layers = len({violation.op.id for violation in violations})
    lines = [
        f"layer {item.op.sources[0]} {shortened(item.layer)} ({item.op.kind[:60]}): {item.rule} "
        f"Found: {item.found}."
        for item in violations[:_LISTED]
    ]
    if len(violations) > _LISTED:
        lines.append(f"and {len(violations) - _LISTED} more")
    hints = dict.fromkeys(item.hint for item in violations if item.hint)
    subject = "1 layer" if layers == 1 else f"{layers} layers"
    return ModelError(
        f"{name} is not supported: {subject} of it cannot be compiled.", why=lines, hints=tuple(hints)
    )
