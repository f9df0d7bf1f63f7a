"""Runs a reference interpreter in a process of its own: `python worker.py FOLDER`.

TFLM prints to stdout and ends the whole process on some models, so it never runs inside tinygen. This
file imports nothing of tinygen and is started by its path. FOLDER holds

- `model.tflite`,
- `request.json`: engine ("tflm", or the module that has LiteRT's `Interpreter`), arena (bytes), samples,
  inputs and outputs (counts), keep (tensor indices; interpreters crash when asked for one without numbers),
- `in.npz`: `in<sample>_<input>`;

and receives `out.npz`: `out<sample>_<output>` and `tensor<sample>_<index>`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class Engine(Protocol):
    """One interpreter with a model loaded, right after a reset."""

    def infer(self, inputs: Sequence[Array]) -> list[Array]:
        """Outputs of the next inference."""

    def tensor(self, index: int) -> Array | None:
        """The value that an observable tensor has after the inference; None where none is kept."""


class Tflm:
    """TensorFlow Lite Micro; every tensor keeps its value until the next inference."""

    def __init__(self, model: Path, arena: int, outputs: int) -> None:
        runtime = importlib.import_module("tflite_micro.python.tflite_micro.runtime")
        self._outputs = outputs
        self._interpreter = runtime.Interpreter.from_bytes(
            model.read_bytes(),
            arena_size=arena,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        )

    def infer(self, inputs: Sequence[Array]) -> list[Array]:
        """Outputs of the next inference."""
        for position, value in enumerate(inputs):
            self._interpreter.set_input(value, position)
        self._interpreter.invoke()
        return [self._interpreter.get_output(position) for position in range(self._outputs)]

    def tensor(self, index: int) -> Array | None:
        """The value that an observable tensor has after the inference."""
        value: Array = self._interpreter.GetTensor(index, 0)["tensor_data"]
        return value


class LiteRt:
    """LiteRT with its reference kernels; the optimised ones round differently."""

    def __init__(self, module: str, model: Path) -> None:
        library = importlib.import_module(module)
        self._interpreter = library.Interpreter(
            model_path=str(model),
            experimental_op_resolver_type=library.OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        self._interpreter.allocate_tensors()
        self._interpreter.reset_all_variables()
        self._inputs = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def infer(self, inputs: Sequence[Array]) -> list[Array]:
        """Outputs of the next inference."""
        for index, value in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, value)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def tensor(self, index: int) -> Array | None:
        """The value that an observable tensor has after the inference; None where LiteRT keeps none."""
        try:
            value: Array = self._interpreter.get_tensor(index)
        except ValueError:
            return None
        return value


def load(request: dict[str, Any], model: Path) -> Engine:
    """The interpreter that the request names."""
    if request["engine"] == "tflm":
        return Tflm(model, request["arena"], request["outputs"])
    return LiteRt(request["engine"], model)


def answer(folder: Path, start: Callable[[dict[str, Any], Path], Engine] = load) -> None:
    """Serve the request in `folder`."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    model = folder / "model.tflite"
    engine = start(request, model)
    results: dict[str, Array] = {}
    with np.load(folder / "in.npz", allow_pickle=False) as given:
        for sample in range(request["samples"]):
            inputs = [given[f"in{sample}_{position}"] for position in range(request["inputs"])]
            for position, value in enumerate(engine.infer(inputs)):
                results[f"out{sample}_{position}"] = value
            for index in request["keep"]:
                kept = engine.tensor(index)
                if kept is not None:
                    results[f"tensor{sample}_{index}"] = kept
    np.savez(folder / "out.npz", allow_pickle=False, **results)


if __name__ == "__main__":
    try:
        answer(Path(sys.argv[1]))
    except Exception as error:  # the parent shows the last lines to the user: no traceback
        sys.exit(f"{type(error).__name__}: {error}")
