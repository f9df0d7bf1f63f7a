"""How small an arena could be at best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import gcd

from tinygen.kernels.intervals import IntervalSet
from tinygen.planning.lifetimes import Liveness


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


def _round_up(value: int, grain: int) -> int:
    return -(-value // grain) * grain


def most_shared(first_bytes: int, second_bytes: int, allowed: IntervalSet, grain: int = 1) -> int:
    """The most bytes two buffers can have in common.

    Args:
        first_bytes: size of the buffer a, a multiple of `grain`.
        second_bytes: size of the buffer b, a multiple of `grain`.
        allowed: values of offset(b) - offset(a).
        grain: what all offsets are multiples of.
    """
    # The common part grows up to a distance of `left`, is level up to `right` and shrinks from there.
    left, right = sorted((0, first_bytes - second_bytes))
    best = 0
    for low, high in allowed:
        nearest = (
            _round_up(left if low is None else max(low, left), grain),
            (right if high is None else min(high, right)) // grain * grain,
        )
        for distance in nearest:
            if (low is None or low <= distance) and (high is None or distance <= high):
                best = max(best, min(first_bytes, distance + second_bytes) - max(0, distance))
    return best


def step_bytes(liveness: Liveness) -> Mapping[int, int]:
    """For each step the bytes that its live buffers need at least.

    Buffers alive at one step lie apart, but for inputs and outputs of that step with an overlap. Inputs
    lie apart among themselves and so do outputs, so a byte is shared by two buffers at most, and what
    all pairs can share is the most that can be saved. Sizes count up to the next possible offset, except
    for the buffer at the top.
    """
    grain = gcd(*(buffer.align for buffer in liveness.arena())) or 1
    sizes = {buffer.id: _round_up(buffer.bytes, grain) for buffer in liveness.arena()}
    needs = _alive(liveness, sizes)
    slack: dict[int, int] = {}
    for pad in sorted({sizes[buffer.id] - buffer.bytes for buffer in liveness.arena()}, reverse=True):
        padded = {key: 1 for key, size in sizes.items() if size - liveness.buffers[key].bytes == pad}
        for step, count in _alive(liveness, padded).items():
            if count:
                slack.setdefault(step, pad)
    for step, most in _savings(liveness, sizes, grain).items():
        needs[step] -= most
    return {step: need - slack.get(step, 0) for step, need in needs.items()}


def _alive(liveness: Liveness, amounts: Mapping[int, int]) -> dict[int, int]:
    """Sum at each step of what the buffers alive there amount to, by buffer id."""
    changes: dict[int, int] = defaultdict(int)
    for key, amount in amounts.items():
        buffer = liveness.buffers[key]
        changes[buffer.first] += amount
        changes[buffer.last + 1] -= amount
    steps = range(-1, liveness.steps + 1)
    return dict(zip(steps, accumulate(changes[step] for step in steps), strict=True))


def _savings(liveness: Liveness, sizes: Mapping[int, int], grain: int) -> Mapping[int, int]:
    """The most bytes that buffers which die at a step can share with those born there, by step."""
    saved: dict[int, int] = defaultdict(int)
    dying: dict[int, set[int]] = defaultdict(set)
    born: dict[int, set[int]] = defaultdict(set)
    for (a, b), allowed in liveness.shared.items():
        most = most_shared(sizes[a], sizes[b], allowed, grain)
        if most:
            old, new = (a, b) if liveness.buffers[a].last == liveness.buffers[b].first else (b, a)
            step = liveness.buffers[new].first
            saved[step] += most
            dying[step].add(old)
            born[step].add(new)
    return {
        step: min(most, sum(sizes[key] for key in dying[step]), sum(sizes[key] for key in born[step]))
        for step, most in saved.items()
    }


def lower_bound(liveness: Liveness) -> LowerBound:
    """The largest need of any step."""
    needs = step_bytes(liveness)
    most = max(needs.values())
    steps = [step for step, need in needs.items() if need == most]
    return LowerBound(most, steps[0], len(steps))
