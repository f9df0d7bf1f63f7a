"""Numbers as C99 and C++17 literals that read back as exactly the same value."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from tinygen.ir import Array

_ROW_LENGTH = 96
_LOWEST = {-(2**31): "INT32_MIN", -(2**63): "INT64_MIN"}


def integer(value: int) -> str:
    """An integer; the two minima have no literal of their own in C, so they go by name."""
    return _LOWEST.get(value, str(value))


def bracketed(value: int) -> str:
    """An integer for a macro's body: negative ones in parentheses."""
    return f"({integer(value)})" if value < 0 else integer(value)


def float32(value: float) -> str:
    """The shortest decimal that reads back as the float32 nearest to `value`.

    Raises:
        ValueError: where it is infinite or not a number, which C99 has no literal for.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} has no C literal")
    return f"{np.float32(value)!s}f"


def scalar(value: int | float) -> str:
    """A literal for a kernel's parameter: int32 or float32."""
    return integer(int(value)) if isinstance(value, int | np.integer) else float32(value)


@cache
def _bytes_table(low: int) -> tuple[str, ...]:
    return tuple(f"{value:4d}" for value in range(low, low + 256))


def _items(values: Array) -> list[str]:
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        return _items(values.astype(np.uint8))
    if kind in "iu" and size == 1:
        low = -128 if kind == "i" else 0
        table = _bytes_table(low)
        return [table[value - low] for value in values.tolist()]
    if kind in "iu":
        suffix = "u" if kind == "u" and size >= 4 else ""
        texts = [integer(value) + suffix for value in values.tolist()]
    elif kind == "f" and size == 4:
        texts = [float32(value) for value in values.tolist()]
    else:
        raise TypeError(f"no C literal for {values.dtype}")
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def rows(values: Array) -> tuple[str, ...]:
    """The initialiser of an array as lines of right-aligned literals, a power of two to the line.

    Args:
        values: one-dimensional; int8 … int64, uint8 … uint64, bool or float32.
    """
    items = _items(values)
    width = max(map(len, items), default=0) + 2
    count = 2 ** int(math.log2(_ROW_LENGTH // width))
    return tuple(", ".join(items[at : at + count]) + "," for at in range(0, len(items), count))
