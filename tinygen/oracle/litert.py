"""LiteRT's reference kernels, the oracle for models with operators that TFLM has no kernel for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from tinygen.errors import ToolError
from tinygen.oracle.interface import OracleName, OracleRun, Sample
from tinygen.oracle.process import Failure, Request, call

_LABEL = "LiteRT"
_ENGINES = (
    ("ai_edge_litert", "ai_edge_litert.interpreter", ("ai-edge-litert",)),
    ("tensorflow", "tensorflow.lite.python.interpreter", ("tensorflow-cpu", "tensorflow")),
)
"""Importable package, module with `Interpreter`, distributions that may have brought it; best first."""


@dataclass(frozen=True)
class Engine:
    """An installed package that has LiteRT's interpreter."""

    module: str
    version: str


def _version(distributions: Sequence[str]) -> str:
    for name in distributions:
        try:
            return f"{importlib.metadata.version(name)} ({name})"
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"


def find_engine() -> Engine | None:
    """ai-edge-litert where it is installed, else TensorFlow's copy, else None."""
    for package, module, distributions in _ENGINES:
        if importlib.util.find_spec(package) is not None:
            return Engine(module, _version(distributions))
    return None


@dataclass(frozen=True)
class LiteRtOracle:
    """LiteRT with its reference kernels, in a process of its own.

    Attributes:
        model: the .tflite file's bytes.
        engine: where the interpreter is.
        timeout: seconds that one `run` may take.
    """

    model: bytes = field(repr=False)
    engine: Engine
    timeout: float = 300.0
    name: OracleName = field(default="litert", init=False)

    @property
    def version(self) -> str:
        """Version and name of the distribution."""
        return self.engine.version

    def run(self, samples: Sequence[Sample], keep: Sequence[int] = ()) -> list[OracleRun]:
        """Compute the samples as successive inferences after one reset."""
        result = call(Request(_LABEL, self.engine.module, self.model, samples, keep, timeout=self.timeout))
        if isinstance(result, Failure):
            raise ToolError(
                f"{_LABEL} could not run the model.",
                why=result.lines(),
                hints=["Compare with golden vectors instead: --vectors FILE.npz."],
            )
        return result


def make(model: bytes, kinds: Sequence[str]) -> LiteRtOracle:
    """The oracle for a model whose operators `kinds` TFLM does not have.

    Raises:
        ToolError: LiteRT is not installed.
    """
    engine = find_engine()
    if engine is None:
        raise ToolError(
            "The oracle is missing: LiteRT (ai-edge-litert).",
            why=[f"TensorFlow Lite Micro has no kernel for {', '.join(kinds)}, LiteRT has."],
            hints=[
                f"Install it: {sys.executable} -m pip install ai-edge-litert",
                "Compare with golden vectors instead: --vectors FILE.npz.",
            ],
        )
    return LiteRtOracle(model, engine)
