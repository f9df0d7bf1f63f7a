"""Measures models on the emulated Cortex-M4F board and writes benchmarks/results.json.

    python benchmarks/run.py [MODEL ...]

Without arguments: the bundled examples, and the public models of the folder that TINYGEN_MODELS names (by
default ../shared/models beside the checkout) where it is there. Entries of models that are not there stay as
they are, so each says what it was measured with. The same tools give the same file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tinygen
from tinygen import api
from tinygen.errors import ModelError, TinygenError

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
BOARD = "mps2-an386"
SAMPLES = 8

Entry = dict[str, Any]


def bundled() -> Iterator[Path]:
    """The models that the repository brings."""
    yield from sorted((ROOT / "examples" / "models").glob("*.tflite"))


def public() -> Iterator[Path]:
    """Public models, where they are."""
    configured = os.environ.get("TINYGEN_MODELS")
    folder = Path(configured) if configured else ROOT.parent / "shared" / "models"
    yield from sorted(folder.glob("*.tflite"))


def golden_vectors(model: Path) -> Path | None:
    """The golden vectors that are bundled with a model; with them no oracle is needed."""
    path = ROOT / "examples" / "vectors" / f"{model.stem}.npz"
    return path if path.is_file() and model.parent == ROOT / "examples" / "models" else None


def measure(model: Path) -> Entry:
    """One model's figures, as `tinygen test` reports them.

    Raises:
        ModelError: when tinygen does not support it.
        TinygenError: when a tool is missing or fails.
    """
    settings = api.settle(ROOT, [model], board=BOARD, samples=SAMPLES, seed=0)
    report = api.test(settings, vectors_file=golden_vectors(model)).report
    counts, memory = report.instructions, report.memory
    return {
        "sha256": report.model.sha256,
        "bit_exact": report.bit_exact,
        "samples": report.samples,
        "instructions": None if counts is None else counts.per_inference,
        "macs": report.model.macs,
        "live_macs": report.model.live_macs,
        "arena": memory.arena,
        "lower_bound": memory.lower_bound,
        "code": memory.code,
        "weights": memory.weights,
        "constants": memory.constants,
        "static_ram": memory.static_ram,
        "stack": memory.stack,
        "measured_with": {
            "tinygen": tinygen.__version__,
            "compiler": report.image.toolchain,
            "emulator": f"{report.emulator} {report.machine}, counted by {report.counted_by}",
            "oracle": f"{report.oracle.name} {report.oracle.version}",
        },
    }


def tell(name: str, old: Entry | None, new: Entry) -> None:
    """One line a model: its figures, and what they were where they changed."""
    figures = []
    for key in ("instructions", "arena", "code", "stack"):
        was = None if old is None else old.get(key)
        figures.append(f"{key} {new[key]:,}" + (f" (was {was:,})" if was not in (None, new[key]) else ""))
    print(f"{name}: {'bit-exact' if new['bit_exact'] else 'NOT BIT-EXACT'}, {', '.join(figures)}", flush=True)


def update(models: Sequence[Path]) -> bool:
    """Measures models and writes what changed; False when an output was not bit-exact."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else '{"models": {}}'
    entries: dict[str, Entry] = json.loads(text)["models"]
    exact = True
    for model in models:
        try:
            entry = measure(model)
        except ModelError as error:
            print(f"{model.stem}: not supported: {error.message}", flush=True)
            continue
        tell(model.stem, entries.get(model.stem), entry)
        entries[model.stem] = entry
        exact = exact and entry["bit_exact"]
    results = {"board": BOARD, "models": dict(sorted(entries.items()))}
    updated = json.dumps(results, indent=2) + "\n"
    if updated != text:
        RESULTS.write_text(updated, encoding="utf-8", newline="\n")
    return exact


def main() -> None:
    """Measures the models named on the command line, or all there are."""
    named = [Path(argument) for argument in sys.argv[1:]]
    try:
        exact = update(named or [*bundled(), *public()])
    except TinygenError as error:
        sys.exit(f"Error: {error}")
    if not exact:
        sys.exit(1)


if __name__ == "__main__":
    main()
