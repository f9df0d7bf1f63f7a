"""Renders the parts of the documentation that come from the code and from measurements (`make docs`).

docs/SUPPORTED_OPS.md and docs/schema/ are whole files. In README.md and docs/MEMORY.md what stands between
`<!-- NAME -->` and `<!-- end of NAME -->` is replaced: the table of results, as `make bench` measured them,
and the printed plan of a bundled model.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinygen import api, boards
from tinygen.planning import format_plan
from tinygen.report.schema import write_schemas

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "models"
SIZES = ("arena", "stack", "code", "weights", "constants")


def _row(name: str, entry: Mapping[str, Any]) -> str:
    figures = [entry[key] for key in ("live_macs", "instructions", *SIZES)]
    verdict = "yes" if entry["bit_exact"] else "NO"
    return f"| {name} | {verdict} | {' | '.join(f'{figure:,}' for figure in figures)} |"


def results(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of results: bundled models first, then by name; what they were measured with."""
    bundled = {path.stem for path in EXAMPLES.glob("*.tflite")}
    names = sorted(entries, key=lambda name: (name not in bundled, name))
    tools = sorted({entry["measured_with"]["compiler"] for entry in entries.values()})
    versions = sorted({entry["measured_with"]["tinygen"] for entry in entries.values()})
    head = f"| model | bit-exact | MACs | instructions | {' | '.join(SIZES)} |"
    return "\n".join(
        [
            head,
            f"|---|---|{'--:|' * (2 + len(SIZES))}",
            *(_row(name, entries[name]) for name in names),
            "",
            f"Measured with tinygen {', '.join(versions)} and {', '.join(tools)}.",
        ]
    )


def plan() -> str:
    """The plan of the bundled model that has most to show."""
    compiled = api.compile(EXAMPLES / "digits_cnn.tflite", boards.load("mps2-an386"))
    return f"```text\n{format_plan(compiled.plan)}```"


def replaced(text: str, name: str, content: str) -> str:
    """`text` with what stands between the marks of `name` replaced by `content`.

    Raises:
        ValueError: when the marks are not there exactly once.
    """
    pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
    updated, count = pattern.subn(lambda _: f"{content}\n", text)
    if count != 1:
        raise ValueError(f"{count} places are marked {name!r}")
    return updated


def pages() -> dict[Path, str]:
    """The text that each rendered page should have, by path."""
    entries = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))["models"]
    readme, memory = ROOT / "README.md", ROOT / "docs" / "MEMORY.md"
    return {
        ROOT / "docs" / "SUPPORTED_OPS.md": api.supported_ops(),
        readme: replaced(readme.read_text(encoding="utf-8"), "results", results(entries)),
        memory: replaced(memory.read_text(encoding="utf-8"), "plan", plan()),
    }


def main() -> None:
    """Writes what is not up to date, and says so."""
    write_schemas(ROOT / "docs" / "schema")
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            sys.stdout.write(f"{path.relative_to(ROOT)} written\n")


if __name__ == "__main__":
    main()
