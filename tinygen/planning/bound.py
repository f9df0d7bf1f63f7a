"""How small an arena could be at best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from tinygen.kernels.intervals import IntervalSet
from tinygen.planning.lifetimes import Liveness, Pair


@dataclass(frozen=True)
class LowerBound:
    """Bytes that no placement can go below.

    Attributes:
        bytes: the bound.
        step: the first step that needs them; -1 where the graph's inputs alone do.
        ties: number of steps that need them.
    """

    bytes: int
    step: int
    ties: int


def most_shared(first_bytes: int, second_bytes: int, allowed: IntervalSet) -> int:
    """The most bytes two buffers can have in common.

    Args:
        first_bytes: size of the buffer a.
        second_bytes: size of the buffer b.
        allowed: values of offset(b) - offset(a).
    """

    def common(distance: int) -> int:
        return max(0, min(first_bytes, distance + second_bytes) - max(0, distance))

    # `common` rises up to `left`, is level up to `right` and falls from there.
    left, right = sorted((0, first_bytes - second_bytes))
    best = 0
    for low, high in allowed:
        nearest = left if low is None else max(low, left)
        nearest = nearest if high is None else min(nearest, high)
        if low is not None and low > right:
            nearest = low
        best = max(best, common(nearest))
    return best


def step_bytes(liveness: Liveness) -> Mapping[int, int]:
    """For each step the bytes that its live buffers need at least.

    Buffers alive at one step lie apart, but for inputs and outputs of that step with an overlap. Inputs
    lie apart among themselves and so do outputs, so a byte is shared by two buffers at most, and what
    all pairs can share is the most that can be saved.
    """
    changes: dict[int, int] = defaultdict(int)
    for buffer in liveness.arena():
        changes[buffer.first] += buffer.bytes
        changes[buffer.last + 1] -= buffer.bytes
    steps = range(-1, liveness.steps + 1)
    needs = dict(zip(steps, accumulate(changes[step] for step in steps), strict=True))
    saved: dict[int, int] = defaultdict(int)
    dying: dict[int, set[int]] = defaultdict(set)
    born: dict[int, set[int]] = defaultdict(set)
    for pair, allowed in liveness.shared.items():
        step, old, new, most = _sharing(liveness, pair, allowed)
        if most:
            saved[step] += most
            dying[step].add(old)
            born[step].add(new)
    for step, most in saved.items():
        old_bytes = sum(liveness.buffers[key].bytes for key in dying[step])
        new_bytes = sum(liveness.buffers[key].bytes for key in born[step])
        needs[step] -= min(most, old_bytes, new_bytes)
    return needs


def _sharing(liveness: Liveness, pair: Pair, allowed: IntervalSet) -> tuple[int, int, int, int]:
    """Step, dying buffer, new buffer and the most bytes they can share."""
    first, second = (liveness.buffers[key] for key in pair)
    most = most_shared(first.bytes, second.bytes, allowed)
    old, new = (first, second) if first.last == second.first else (second, first)
    return new.first, old.id, new.id, most


def lower_bound(liveness: Liveness) -> LowerBound:
    """The largest need of any step."""
    needs = step_bytes(liveness)
    most = max(needs.values())
    steps = [step for step, need in needs.items() if need == most]
    return LowerBound(most, steps[0], len(steps))
