"""Loop nests over strided operands: the tables that firmware/kernels/nest.h walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array

MAX_LEVELS = 6
"""TG_NEST_LEVELS: outer loops that a table may have."""


@dataclass(frozen=True)
class Level:
    """One loop: how often it runs and how far each operand moves from one round to the next."""

    extent: int
    steps: tuple[int, ...]


def strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Elements from one index to the next along each axis of a dense row-major tensor."""
    result: list[int] = []
    step = 1
    for size in reversed(shape):
        result.append(step)
        step *= size
    return tuple(reversed(result))


def collapse(levels: Sequence[Level]) -> list[Level]:
    """The same iterations in the fewest loops: single rounds dropped, neighbours that run on joined."""
    merged: list[Level] = []
    for level in levels:
        if level.extent == 1:
            continue
        outer = merged[-1] if merged else None
        if outer and outer.steps == tuple(step * level.extent for step in level.steps):
            merged[-1] = Level(outer.extent * level.extent, level.steps)
        else:
            merged.append(level)
    return merged


def table(levels: Sequence[Level]) -> Array:
    """int32 rows (extent, move of operand 1, move of operand 2), the outermost loop first.

    A move is what the operand's offset changes by when this loop goes on and all loops inside start again.
    One operand alone gets a second column of zeros.
    """
    rows = []
    for depth, level in enumerate(levels):
        inside = levels[depth + 1 :]
        moves = [
            step - sum((inner.extent - 1) * inner.steps[operand] for inner in inside)
            for operand, step in enumerate(level.steps)
        ]
        rows.append([level.extent, *moves, *[0] * (2 - len(moves))])
    return np.asarray(rows, np.int32).ravel()
