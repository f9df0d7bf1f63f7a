"""Sets of integer intervals, for the allowed distances between two buffers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

Interval = tuple[int | None, int | None]
"""Closed on both ends; None is minus or plus infinity."""


@dataclass(frozen=True)
class IntervalSet:
    """A union of disjoint closed intervals of integers, ascending.

    >>> apart(4, 8) | IntervalSet.of((0, 0))
    IntervalSet(intervals=((None, -8), (0, 0), (4, None)))
    """

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def of(cls, *intervals: Interval) -> Self:
        """The union of `intervals`, in any order, overlapping or not."""
        merged: list[Interval] = []
        for low, high in sorted(intervals, key=lambda item: float("-inf") if item[0] is None else item[0]):
            if merged:
                before_low, before_high = merged[-1]
                if before_high is None or low is None or low <= before_high + 1:
                    joined = None if before_high is None or high is None else max(before_high, high)
                    merged[-1] = (before_low, joined)
                    continue
            merged.append((low, high))
        return cls(tuple(merged))

    def __contains__(self, value: int) -> bool:
        return any(
            (low is None or low <= value) and (high is None or value <= high) for low, high in self.intervals
        )

    def __or__(self, other: IntervalSet) -> IntervalSet:
        return IntervalSet.of(*self.intervals, *other.intervals)

    def __and__(self, other: IntervalSet) -> IntervalSet:
        common = []
        for low, high in self.intervals:
            for other_low, other_high in other.intervals:
                lows = [bound for bound in (low, other_low) if bound is not None]
                highs = [bound for bound in (high, other_high) if bound is not None]
                first, last = max(lows, default=None), min(highs, default=None)
                if first is None or last is None or first <= last:
                    common.append((first, last))
        return IntervalSet.of(*common)

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.intervals)

    def shifted(self, offset: int) -> IntervalSet:
        """Every value moved up by `offset`."""
        return IntervalSet(
            tuple(
                (None if low is None else low + offset, None if high is None else high + offset)
                for low, high in self.intervals
            )
        )


def apart(input_bytes: int, output_bytes: int) -> IntervalSet:
    """Distances offset(output) - offset(input) at which the two buffers share no byte."""
    return IntervalSet.of((None, -output_bytes), (input_bytes, None))
