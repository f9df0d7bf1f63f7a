"""Offsets for buffers: first fit in an order, and a search for a better order.

First fit by size is Pisarchyk and Lee's greedy-by-size (arXiv 2001.03288); the search exchanges buffers
that reach the top of the arena with earlier ones, as hill-climb allocators do, here under distance sets
in place of plain disjointness.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinygen.kernels.intervals import IntervalSet
from tinygen.planning.lifetimes import Liveness
from tinygen.planning.plan import Buffer

Gap = tuple[int, int]
"""Distances that are not allowed, both ends included."""

_WORK = 20_000
"""Buffers the search may place in all; some tenths of a second."""

_THOROUGHNESS = 50
"""Orders per buffer that the search tries at most."""

_RESTART = 60
"""Orders without a lower top after which the search starts again from the best."""

_PATIENCE = 250
"""Orders without a new best after which it ends."""


def forbidden(allowed: IntervalSet) -> tuple[Gap, ...]:
    """The gaps of a distance set that reaches from minus to plus infinity."""
    gaps = []
    for (_, high), (low, _) in pairwise(allowed.intervals):
        if high is None or low is None:
            raise ValueError(f"{allowed} is not in order")
        gaps.append((high + 1, low - 1))
    return tuple(gaps)


@dataclass(frozen=True)
class _Problem:
    """Buffers by position: sizes, alignments, and for each the others that limit it.

    `limits[k]` holds (j, gaps): offset(k) - offset(j) must lie in none of the gaps.
    """

    sizes: tuple[int, ...]
    aligns: tuple[int, ...]
    limits: tuple[tuple[tuple[int, tuple[Gap, ...]], ...], ...]

    def fit(self, order: Sequence[int], limit: int) -> list[int] | None:
        """Place each buffer at the lowest offset that those before it allow.

        Returns:
            The offsets, or None as soon as one buffer ends above `limit`.
        """
        offsets = [-1] * len(self.sizes)
        for this in order:
            taken = [
                (offsets[other] + low, offsets[other] + high)
                for other, gaps in self.limits[this]
                if offsets[other] >= 0
                for low, high in gaps
            ]
            taken.sort()
            offset, align = 0, self.aligns[this]
            for low, high in taken:
                if offset < low:
                    break
                if offset <= high:
                    offset = -(-(high + 1) // align) * align
            if offset + self.sizes[this] > limit:
                return None
            offsets[this] = offset
        return offsets

    def top(self, offsets: Sequence[int]) -> int:
        """Bytes up to the end of the last buffer."""
        return max((offset + size for offset, size in zip(offsets, self.sizes, strict=True)), default=0)


def _problem(liveness: Liveness, buffers: Sequence[Buffer]) -> _Problem:
    position = {buffer.id: k for k, buffer in enumerate(buffers)}
    limits: list[list[tuple[int, tuple[Gap, ...]]]] = [[] for _ in buffers]
    for a, b in liveness.conflicts:
        gaps = forbidden(liveness.allowed(liveness.buffers[a], liveness.buffers[b]))
        mirrored = tuple((-high, -low) for low, high in gaps)
        limits[position[b]].append((position[a], gaps))
        limits[position[a]].append((position[b], mirrored))
    return _Problem(
        sizes=tuple(buffer.bytes for buffer in buffers),
        aligns=tuple(buffer.align for buffer in buffers),
        limits=tuple(tuple(item) for item in limits),
    )


def _orders(buffers: Sequence[Buffer], peak: int) -> list[list[int]]:
    """Orders worth trying first."""

    def by(key: Callable[[Buffer], tuple[int, ...]]) -> list[int]:
        return sorted(range(len(buffers)), key=lambda k: (key(buffers[k]), k))

    return [
        by(lambda buffer: (-buffer.bytes,)),
        by(lambda buffer: (not buffer.first <= peak <= buffer.last, -buffer.bytes)),
        by(lambda buffer: (-buffer.bytes * (buffer.last - buffer.first + 1),)),
        by(lambda buffer: (buffer.first, -buffer.bytes)),
        by(lambda buffer: (-buffer.last, -buffer.bytes)),
        by(lambda buffer: (abs(buffer.first - peak), -buffer.bytes)),
    ]


class _Search:
    """The best placement so far, and the orders that lead to better ones."""

    def __init__(self, problem: _Problem, goal: int, seed: int) -> None:
        self.problem = problem
        self.goal = goal
        self.random = random.Random(seed)
        self.best: list[int] = []
        self.order: list[int] = []
        self.top = 0

    def start(self, orders: Sequence[list[int]]) -> None:
        self.top = sum(self.problem.sizes) + sum(self.problem.aligns) + 1
        for order in orders:
            offsets = self.problem.fit(order, self.top - 1)
            if offsets is not None:
                self.best, self.order, self.top = offsets, order, self.problem.top(offsets)

    def improve(self, work: int) -> None:
        """Exchange top buffers with earlier ones until the goal is met or nothing better turns up."""
        count = len(self.order)
        order, top, offsets, stale, idle = self.order, self.top, self.best, 0, 0
        while self.top > self.goal and work > 0 and idle < _PATIENCE:
            work -= count
            idle += 1
            trial = self._neighbour(order, offsets, top)
            found = self.problem.fit(trial, top)
            if found is None:
                stale += 1
            else:
                reached = self.problem.top(found)
                stale = 0 if reached < top else stale + 1
                order, top, offsets = trial, reached, found
                if reached < self.top:
                    self.best, self.order, self.top, idle = found, trial, reached, 0
            if stale > _RESTART:
                order, top, offsets, stale = self._shaken(), self.top * 2, self.best, 0

    def _neighbour(self, order: Sequence[int], offsets: Sequence[int], top: int) -> list[int]:
        """`order` with one buffer, mostly one that reaches the top, moved before an earlier one."""
        highest = [k for k in order if offsets[k] + self.problem.sizes[k] >= top] or list(order)
        picked = self.random.choice(highest if self.random.random() < 0.7 else list(order))
        trial = list(order)
        at = trial.index(picked)
        trial.insert(self.random.randrange(at + 1), trial.pop(at))
        return trial

    def _shaken(self) -> list[int]:
        trial = list(self.order)
        for _ in range(3):
            a, b = self.random.randrange(len(trial)), self.random.randrange(len(trial))
            trial[a], trial[b] = trial[b], trial[a]
        return trial


def place(liveness: Liveness, *, goal: int = 0, peak: int = 0, seed: int = 0) -> Mapping[int, int]:
    """Offsets of the arena's buffers, by buffer id.

    Deterministic, and bounded in time.

    Args:
        liveness: buffers, conflicts and allowed distances.
        goal: the size at which the search stops, usually the lower bound.
        peak: the step that needs most, whose buffers are tried first.
        seed: of the search.
    """
    buffers = [buffer for buffer in liveness.arena() if buffer.bytes]
    offsets = {buffer.id: 0 for buffer in liveness.arena()}
    if buffers:
        search = _Search(_problem(liveness, buffers), goal, seed)
        search.start(_orders(buffers, peak))
        search.improve(min(_WORK, _THOROUGHNESS * len(buffers) ** 2))
        offsets.update((buffer.id, offset) for buffer, offset in zip(buffers, search.best, strict=True))
    return offsets


def arena_bytes(liveness: Liveness, offsets: Mapping[int, int]) -> int:
    """Bytes from the start of the arena to the end of its last buffer."""
    return max((offsets[buffer.id] + buffer.bytes for buffer in liveness.arena()), default=0)
