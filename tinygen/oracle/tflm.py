"""TensorFlow Lite Micro, the reference that tinygen is bit-exact with."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from tinygen.errors import ToolError
from tinygen.oracle.interface import OracleName, OracleRun, Sample
from tinygen.oracle.process import Failure, Request, call

REQUIREMENT = "tflite-micro==0.dev20261023182759"
"""The wheel that the project's `oracle` extra pins."""

_FIRST_ARENA = 16 << 20
_LAST_ARENA = 1 << 30
_LABEL = "TensorFlow Lite Micro"
_MISSING_KERNEL = re.compile(r"Didn't find op for builtin opcode '(\w+)'")
_MISSING_CUSTOM = "registration from op code CUSTOM"
_VECTORS_HINT = (
    "Compare with golden vectors instead: --vectors FILE.npz, "
    "made by `tinygen vectors MODEL -o FILE.npz` on Linux x86-64."
)


def installed() -> bool:
    """Whether the tflite-micro wheel can be imported."""
    return importlib.util.find_spec("tflite_micro") is not None


def available_here() -> bool:
    """Whether tflite-micro has wheels for this machine at all: Linux on x86-64."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def missing_wheel() -> ToolError:
    """The error for a machine without the wheel."""
    if available_here():
        hints = [f"Install it: {sys.executable} -m pip install '{REQUIREMENT}'", _VECTORS_HINT]
    else:
        hints = [_VECTORS_HINT]
    return ToolError(
        "The oracle is missing: TensorFlow Lite Micro's Python wheel (tflite-micro).",
        why=[
            "Every output is compared with TensorFlow Lite Micro's.",
            f"Its wheels exist for Linux x86-64 only; this is {sys.platform} {platform.machine()}.",
        ],
        hints=hints,
    )


@dataclass(frozen=True)
class TflmOracle:
    """TFLM through its Python wheel, in a process of its own.

    Attributes:
        model: the .tflite file's bytes.
        timeout: seconds that one `run` may take.
    """

    model: bytes = field(repr=False)
    timeout: float = 300.0
    name: OracleName = field(default="tflm", init=False)

    @property
    def version(self) -> str:
        """Version of the tflite-micro wheel."""
        return importlib.metadata.version("tflite-micro")

    def missing_kernels(self) -> tuple[str, ...]:
        """Operators of the model that TFLM has no kernel for; empty where it accepts the model.

        Raises:
            ToolError: the wheel is missing, or TFLM refuses the model for another reason.
        """
        result = self._call(())
        if isinstance(result, Failure):
            kinds = tuple(dict.fromkeys(_MISSING_KERNEL.findall(result.log)))
            if not kinds:
                raise _unknown_custom() if _MISSING_CUSTOM in result.log else _refused(result)
            return kinds
        return ()

    def run(self, samples: Sequence[Sample], keep: Sequence[int] = ()) -> list[OracleRun]:
        """Compute the samples as successive inferences after one reset."""
        result = self._call(samples, keep)
        if isinstance(result, Failure):
            raise _refused(result)
        return result

    def _call(self, samples: Sequence[Sample], keep: Sequence[int] = ()) -> list[OracleRun] | Failure:
        if not installed():
            raise missing_wheel()
        arena = _FIRST_ARENA
        while True:
            result = call(Request(_LABEL, "tflm", self.model, samples, keep, arena, self.timeout))
            # TFLM says "…available N, missing: M" when the arena is too small, then fails or crashes.
            too_small = isinstance(result, Failure) and "missing: " in result.log
            if not too_small or arena >= _LAST_ARENA:
                return result
            arena *= 2


def _unknown_custom() -> ToolError:
    return ToolError(
        f"{_LABEL} has no kernel for a custom operator of the model.",
        why=["What only a package of your own computes has no oracle but vectors of your own."],
        hints=["Compare with golden vectors: --vectors FILE.npz; docs/CUSTOM_OPS.md shows how to make them."],
    )


def _refused(failure: Failure) -> ToolError:
    return ToolError(
        f"{_LABEL} could not run the model.",
        why=failure.lines(),
        hints=["Check that the file is a complete .tflite: `tinygen inspect MODEL`.", _VECTORS_HINT],
    )
