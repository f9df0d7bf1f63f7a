"""What PlatformIO's output says about a build that failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinygen.errors import FitError, TinygenError, ToolError

MAX_LINES = 20

_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes")
_DIAGNOSTIC = re.compile(
    r"(?:^|[\s:])(?:fatal )?error: |undefined reference to|multiple definition of|cannot find|ld returned",
    re.IGNORECASE,
)
_FROM_PLATFORM = re.compile(r"(?:^|(?:Error|Exception): )tinygen: (?P<message>.+)$")
_HINT = re.compile(r"^\s+\d+\. (?P<hint>.+)$")
_NOISE = re.compile(r"^[-=*]{4,}|^Environment\s+Status|\bTook [\d.]+ seconds|^$")


def _overflow(lines: Sequence[str], env: str) -> FitError | None:
    found = {match["region"]: int(match["bytes"]) for line in lines if (match := _OVERFLOW.search(line))}
    if not found:
        return None
    why = [f"{region}: {count:,} bytes too many" for region, count in found.items()]
    return FitError(
        f"The firmware does not fit {env}.",
        why=why,
        hints=["Use a smaller model, or a board with more of this memory."],
    )


def _from_platform(lines: Sequence[str]) -> ToolError | None:
    """The sentence that tinygen's PlatformIO platform ends a build with, and its hints."""
    for start, line in enumerate(lines):
        if match := _FROM_PLATFORM.search(line):
            why, hints = [], []
            for after in lines[start + 1 :]:
                if hint := _HINT.match(after):
                    hints.append(hint["hint"])
                elif _NOISE.search(after) or hints:
                    break
                elif after != "Things to try:":
                    why.append(after.strip())
            return ToolError(match["message"], why=why, hints=hints)
    return None


def _diagnostics(lines: Sequence[str]) -> list[str]:
    """The compiler's errors, each with the two lines that show the place."""
    chosen: dict[int, str] = {}
    for number, line in enumerate(lines):
        if _DIAGNOSTIC.search(line):
            for near in range(number, min(number + 3, len(lines))):
                if near == number or "|" in lines[near]:
                    chosen[near] = lines[near]
    return list(chosen.values())


def explain(output: str, env: str) -> TinygenError:
    """The error for a failed `pio run`.

    Args:
        output: everything that it printed.
        env: the environment it built.

    Returns:
        FitError: for a memory that overflows at link time.
        ToolError: for everything else, with the compiler's own lines, or the last ones there are.
    """
    lines = [line.rstrip() for line in output.splitlines()]
    known = _overflow(lines, env) or _from_platform(lines)
    if known:
        return known
    relevant = _diagnostics(lines) or [line for line in lines if not _NOISE.search(line)][-MAX_LINES:]
    shown = relevant[:MAX_LINES] + (
        [f"… {len(relevant) - MAX_LINES} more lines"] if len(relevant) > MAX_LINES else []
    )
    return ToolError(
        f"Building {env} failed.",
        why=shown or ["PlatformIO printed nothing."],
        hints=["Run `pio run -v` in the project's folder to see every command."],
    )
