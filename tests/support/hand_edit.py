"""Edits of generated projects, as if by hand."""

from __future__ import annotations

import re
from pathlib import Path


def change_weight(project: Path, model: str, layer: int) -> None:
    """Turn the first weight of a layer's filter into another, far away from it."""
    path = project / "lib" / model / "src" / f"{model}_weights.c"
    head, declaration, tail = path.read_text(encoding="ascii").partition(f" {model}_layer{layer}_filter[")
    assert declaration, f"layer {layer} of {model} has no filter of its own"
    size, brace, values = tail.partition("{")
    changed = re.sub(r"-?\d+", lambda match: "-100" if int(match[0]) > 0 else "100", values, count=1)
    path.write_text(f"{head}{declaration}{size}{brace}{changed}", encoding="ascii")
