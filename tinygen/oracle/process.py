"""Starts the worker that holds a reference interpreter, and turns what becomes of it into errors."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.errors import BudgetError
from tinygen.frontend.schema import DamagedError, decode
from tinygen.ir import Array, DType
from tinygen.oracle import worker
from tinygen.oracle.interface import OracleRun, Sample

_LOG_BYTES = 64 * 1024
_LINE = 300


@dataclass(frozen=True)
class Request:
    """What a worker is to compute.

    Attributes:
        label: name of the reference, for messages.
        engine: "tflm", or the module that has LiteRT's `Interpreter`.
        model: the .tflite file's bytes.
        samples: inputs of successive inferences.
        keep: indices of the tensors to return too.
        arena: bytes of TFLM's arena; LiteRT has none.
        timeout: seconds of wall time.
    """

    label: str
    engine: str
    model: bytes
    samples: Sequence[Sample] = ()
    keep: Sequence[int] = ()
    arena: int = 0
    timeout: float = 300.0


@dataclass(frozen=True)
class Failure:
    """A worker that did not finish.

    Attributes:
        ending: how it ended, such as "ended by SIGABRT".
        log: what it printed, at most the last 64 KiB.
    """

    ending: str
    log: str

    def lines(self, count: int = 8) -> tuple[str, ...]:
        """The ending and the last lines that it printed, for an error's `why`."""
        printed = [line.strip()[:_LINE] for line in self.log.splitlines() if line.strip()]
        return (self.ending, *printed[-count:])


def _outputs_and_keep(request: Request) -> tuple[int, list[int]]:
    """Number of the model's outputs, and those of `keep` that hold numbers.

    A file that cannot be decoded has neither; what the interpreter says of it goes to the user.
    """
    try:
        graph = decode(request.model).graphs[0]
    except DamagedError:
        return 0, []
    opaque = (DType.STRING, DType.RESOURCE, DType.VARIANT)
    numbers = {index for index, tensor in enumerate(graph.tensors) if tensor.dtype not in opaque}
    return len(graph.outputs), [int(index) for index in request.keep if index in numbers]


def _write(folder: Path, request: Request) -> None:
    (folder / "model.tflite").write_bytes(request.model)
    outputs, keep = _outputs_and_keep(request)
    inputs = len(request.samples[0]) if request.samples else 0
    (folder / "request.json").write_text(
        json.dumps(
            {
                "engine": request.engine,
                "arena": request.arena,
                "samples": len(request.samples),
                "inputs": inputs,
                "outputs": outputs,
                "keep": keep,
            }
        ),
        encoding="utf-8",
    )
    arrays: dict[str, Array] = {
        f"in{number}_{position}": value
        for number, sample in enumerate(request.samples)
        for position, value in enumerate(sample)
    }
    np.savez(folder / "in.npz", allow_pickle=False, **arrays)


def _read(folder: Path, request: Request) -> list[OracleRun]:
    runs = []
    with np.load(folder / "out.npz", allow_pickle=False) as results:
        names = set(results.files)
        for sample in range(len(request.samples)):
            count = sum(name.startswith(f"out{sample}_") for name in names)
            outputs = tuple(results[f"out{sample}_{position}"] for position in range(count))
            kept = {index: f"tensor{sample}_{index}" for index in request.keep}
            tensors = {index: results[name] for index, name in kept.items() if name in names}
            runs.append(OracleRun(outputs, tensors))
    return runs


def _ending(code: int) -> str:
    if code >= 0:
        return f"The interpreter ended with exit code {code}."
    try:
        return f"The interpreter was ended by {signal.Signals(-code).name}."
    except ValueError:
        return f"The interpreter was ended by signal {-code}."


def _log(path: Path) -> str:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _LOG_BYTES))
        return stream.read().decode("utf-8", errors="replace")


def call(request: Request) -> list[OracleRun] | Failure:
    """Run the request in a worker.

    Raises:
        BudgetError: it took longer than `request.timeout`.
    """
    # The folder is also the worker's current one: a core dump vanishes with it.
    with tempfile.TemporaryDirectory(prefix="tinygen-oracle-") as name:
        folder = Path(name)
        _write(folder, request)
        log = folder / "log.txt"
        # -P: the script's own folder stays out of sys.path, so its neighbours shadow no other module.
        command = [sys.executable, "-P", "-X", "utf8", str(Path(worker.__file__).resolve()), str(folder)]
        with log.open("wb") as stream:
            try:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    timeout=request.timeout,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise BudgetError(
                    f"{request.label} took longer than {request.timeout:g} s.",
                    why=[f"{len(request.samples)} samples were asked for."],
                    hints=[
                        "Use fewer samples: --samples.",
                        "Compare with golden vectors instead: --vectors FILE.npz.",
                    ],
                ) from None
        if done.returncode != 0:
            return Failure(_ending(done.returncode), _log(log))
        return _read(folder, request)
