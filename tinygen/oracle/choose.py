"""Which oracle a model is compared with."""

from __future__ import annotations

from pathlib import Path

from tinygen.errors import UsageError
from tinygen.ir import DType, Model
from tinygen.oracle import litert, vectors
from tinygen.oracle.interface import Oracle
from tinygen.oracle.tflm import TflmOracle


def choose_oracle(path: Path, model: Model, vectors_file: Path | None = None) -> Oracle:
    """The file of vectors if there is one, else TFLM, else LiteRT where TFLM has no kernel.

    TFLM is started once to see whether it accepts the model, so that a refusal comes before a build.

    Args:
        path: the .tflite file.
        model: the same file as read by the frontend.
        vectors_file: a user's vectors.

    Raises:
        UsageError: the vectors do not belong to the model, or the model cannot be read.
        ToolError: the oracle is missing or refuses the model.
    """
    if vectors_file is not None:
        return vectors.load(vectors_file, model)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read.", why=[f"{error.strerror or error}."]) from error
    oracle = TflmOracle(data)
    missing = (*oracle.missing_kernels(), *_missing_dtypes(model))
    return litert.make(data, missing) if missing else oracle


def _missing_dtypes(model: Model) -> tuple[str, ...]:
    """Operators that TFLM's kernels refuse only when they run, because of their dtypes."""
    graph = model.main
    found = [
        op.kind
        for op in graph.ops
        if op.kind == "CAST" and DType.UINT8 in (graph.operand(op, 0).dtype, graph.result(op).dtype)
    ]
    return ("CAST of uint8",) if found else ()
