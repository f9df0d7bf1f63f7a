"""Golden vectors: inputs and the outputs that an oracle computed for them, in one .npz file.

The file holds `in<k>` and `out<k>`, each stacked over the samples along a new first axis, and
`metadata`, a JSON object with model_sha256, oracle, oracle_version and seed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tinygen.errors import UsageError
from tinygen.ir import Array, Graph, Model, Tensor
from tinygen.oracle import arrays
from tinygen.oracle.interface import OracleName, OracleRun, Sample

_METADATA = "metadata"


@dataclass(frozen=True)
class Provenance:
    """Where the outputs of a vectors file come from.

    Attributes:
        model_sha256: hex digest of the .tflite file.
        oracle: name of the oracle ("tflm", "litert"), or of the emulator for outputs of firmware.
        oracle_version: its version.
        seed: of the random inputs; None for a user's.
    """

    model_sha256: str
    oracle: str
    oracle_version: str
    seed: int | None = None


def stack(prefix: str, samples: Sequence[Sample]) -> dict[str, Array]:
    """`<prefix><k>` by name: array k of every sample, stacked along a new first axis."""
    return {
        f"{prefix}{position}": np.stack([sample[position] for sample in samples])
        for position in range(len(samples[0]) if samples else 0)
    }


def save(path: Path, inputs: Sequence[Sample], outputs: Sequence[Sample], provenance: Provenance) -> None:
    """Write a vectors file, whole or not at all; the same values give the same bytes.

    Raises:
        UsageError: the file cannot be written.
    """
    metadata = {
        "model_sha256": provenance.model_sha256,
        "oracle": provenance.oracle,
        "oracle_version": provenance.oracle_version,
        "seed": provenance.seed,
    }
    text = np.array(json.dumps(metadata, sort_keys=True))
    arrays.write(path, {**stack("in", inputs), **stack("out", outputs), _METADATA: text})


@dataclass(frozen=True)
class VectorsOracle:
    """The oracle that answers from a file.

    Attributes:
        path: the file.
        samples: the inputs that it has outputs for.
        outputs: the outputs of each sample.
        version: the oracle that computed the outputs and its version, "unknown" where the file is silent.
    """

    path: Path
    samples: tuple[tuple[Array, ...], ...] = field(repr=False)
    outputs: tuple[tuple[Array, ...], ...] = field(repr=False)
    version: str = "unknown"
    name: OracleName = field(default="vectors", init=False)

    def run(self, samples: Sequence[Sample], keep: Sequence[int] = ()) -> list[OracleRun]:
        """The stored outputs; `keep` is not observable in a file.

        Raises:
            UsageError: `samples` are not the file's first ones.
        """
        known = len(samples) <= len(self.samples) and all(
            _same(given, stored) for given, stored in zip(samples, self.samples, strict=False)
        )
        if not known:
            raise UsageError(
                f"{self.path} has no outputs for these inputs.",
                why=[
                    f"It holds {len(self.samples)} samples of its own, and {len(samples)} others were given."
                ],
                hints=["Leave out --inputs and --seed: the file brings its inputs."],
            )
        return [OracleRun(outputs) for outputs in self.outputs[: len(samples)]]


def _same(given: Sample, stored: Sample) -> bool:
    return len(given) == len(stored) and all(
        left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
        for left, right in zip(given, stored, strict=True)
    )


def _metadata(path: Path, found: Mapping[str, Array]) -> Mapping[str, object]:
    value = found.get(_METADATA)
    if value is None:
        return {}
    try:
        parsed = json.loads(str(value))
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise UsageError(f"{path} has metadata that is not a JSON object.")
    return parsed


def _describe(name: str, shape: Sequence[int | str], dtype: object) -> str:
    return f"{name}: {dtype}[{','.join(map(str, shape))}]"


def _expected(graph: Graph) -> dict[str, Tensor]:
    named = {f"in{position}": graph.tensors[key] for position, key in enumerate(graph.inputs)}
    named |= {f"out{position}": graph.tensors[key] for position, key in enumerate(graph.outputs)}
    return named


def _check(path: Path, expected: Mapping[str, Tensor], found: Mapping[str, Array]) -> None:
    fits = set(expected) == set(found) and all(
        found[name].shape[1:] == tensor.shape and found[name].dtype == tensor.dtype.numpy
        for name, tensor in expected.items()
    )
    counts = {array.shape[0] if array.ndim else 0 for array in found.values()}
    if fits and len(counts) == 1 and 0 not in counts:
        return
    wanted = [_describe(name, ("samples", *tensor.shape), tensor.dtype) for name, tensor in expected.items()]
    present = [_describe(name, array.shape, array.dtype) for name, array in found.items()]
    raise UsageError(
        f"{path} does not hold vectors of this model.",
        why=[f"expected {'; '.join(wanted)}", f"found    {'; '.join(present) or 'nothing'}"],
        hints=["Make the file anew: `tinygen vectors MODEL -o FILE.npz`."],
    )


def load(path: Path, model: Model) -> VectorsOracle:
    """The vectors of `path`, checked against the model.

    A file without metadata is accepted, so that vectors can come from elsewhere; its oracle is "unknown".

    Raises:
        UsageError: the file cannot be read, belongs to another model, or has other names, shapes or
            dtypes than the model.
    """
    found = arrays.read(path)
    metadata = _metadata(path, found)
    digest = metadata.get("model_sha256", model.sha256)
    if digest != model.sha256:
        raise UsageError(
            f"{path} was made for another model.",
            why=[f"Its model has SHA-256 {str(digest)[:64]}.", f"This one has          {model.sha256}."],
            hints=["Make the file anew: `tinygen vectors MODEL -o FILE.npz`."],
        )
    values = {name: array for name, array in found.items() if name != _METADATA}
    _check(path, _expected(model.main), values)
    count = values["out0"].shape[0]
    inputs, outputs = (
        tuple(
            tuple(values[f"{prefix}{position}"][sample] for position in range(len(keys)))
            for sample in range(count)
        )
        for prefix, keys in (("in", model.main.inputs), ("out", model.main.outputs))
    )
    known = [metadata[key] for key in ("oracle", "oracle_version") if isinstance(metadata.get(key), str)]
    return VectorsOracle(path, inputs, outputs, " ".join(map(str, known)) or "unknown")
