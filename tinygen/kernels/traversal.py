"""Overlaps of kernels that write their output in memory order.

A distance d = offset(output) - offset(input) is forbidden where some input byte `a` is read after the
output byte that lies on it, b = a - d, was written. So the forbidden distances are the a - b of all pairs
with "b written before the last read of a"; everything else is allowed. The idea is that of Blacker et al.,
"Efficient memory utilisation by overlapping input and output" (arXiv 2010.01668), section 3.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array
from tinygen.kernels.intervals import Interval, IntervalSet


def _complement(low: Array, high: Array) -> IntervalSet:
    """All integers that no interval low[i]..high[i] holds."""
    if low.size == 0:
        return IntervalSet.of((None, None))
    order = np.argsort(low, kind="stable")
    low, reach = low[order], np.maximum.accumulate(high[order])
    gaps = np.flatnonzero(low[1:] > reach[:-1] + 1)
    inner: list[Interval] = [(int(reach[gap]) + 1, int(low[gap + 1]) - 1) for gap in gaps]
    return IntervalSet.of((None, int(low[0]) - 1), *inner, (int(reach[-1]) + 1, None))


def forward(last_read: Array, input_size: int = 1, output_size: int = 1) -> IntervalSet:
    """Allowed distances, in bytes, of a kernel that writes its output elements from first to last.

    Args:
        last_read: for each input element in memory order, the index of the output element whose
            computation reads it last, before writing that element; -1 where none reads it.
        input_size: bytes of an input element.
        output_size: bytes of an output element.
    """
    last = np.asarray(last_read, np.int64).ravel()
    index = np.arange(last.size, dtype=np.int64)
    late = last > 0
    low = input_size * index - output_size * last + 1
    high = input_size * index + input_size - 1
    return _complement(low[late], high[late])


def backward(last_read: Array, outputs: int, input_size: int = 1, output_size: int = 1) -> IntervalSet:
    """Allowed distances, in bytes, of a kernel that writes its output elements from last to first.

    Args:
        last_read: as for `forward`; an element that none reads has `outputs - 1` or more.
        outputs: number of output elements.
        input_size: bytes of an input element.
        output_size: bytes of an output element.
    """
    last = np.asarray(last_read, np.int64).ravel()
    index = np.arange(last.size, dtype=np.int64)
    late = last < outputs - 1
    low = input_size * index - output_size * outputs + 1
    high = input_size * index + input_size - 1 - output_size * (last + 1)
    return _complement(low[late], high[late])
