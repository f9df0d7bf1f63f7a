"""TFLM's compressed weights: lookup tables, Huffman codes and pruning, undone in numpy.

Source: tensorflow/lite/micro/kernels/decode_state_{lut,huffman,prune}.cc. All bits are read from the most
significant one of the first byte on. What TFLM would read beyond its buffers is a ValueError here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_LONGEST_CHAIN = 64
"""Tables that one Huffman code may go through."""

_CHUNK = 1 << 16
"""Bits at which codes are looked for at a time."""


def lut(encoded: Array, values: Array, width: int, channels: Array, stride: int) -> Array:
    """Values by their indices.

    Args:
        encoded: uint8[N]; indices of `width` bits.
        values: the tables of all channels, one after the other.
        width: bits of an index, 1 to 7.
        channels: of each element to decode.
        stride: values of a channel's table.

    Raises:
        ValueError: where there are fewer indices than elements, or fewer values than an index says.
    """
    if not 1 <= width <= 7:
        raise ValueError(f"indices of {width} bits")
    if encoded.size * 8 < channels.size * width:
        raise ValueError(f"{encoded.size} bytes of indices for {channels.size} elements of {width} bits")
    bits = np.unpackbits(encoded, count=channels.size * width).reshape(-1, width)
    indices = bits @ (1 << np.arange(width - 1, -1, -1)) + channels * stride
    if indices.size and int(indices.max()) >= values.size:
        raise ValueError(f"index {int(indices.max())} of {values.size} values")
    found: Array = values[indices]
    return found


def prune(encoded: Array, values: Array, zeros: Array) -> Array:
    """The values that were kept, zero points elsewhere.

    Args:
        encoded: uint8[N]; a bit for each element, set where its value was kept.
        values: those kept, in order.
        zeros: of each element to decode, what it is where it was not kept.

    Raises:
        ValueError: where there are too few bits or values.
    """
    if encoded.size * 8 < zeros.size:
        raise ValueError(f"{encoded.size} bytes of a mask for {zeros.size} elements")
    kept = np.unpackbits(encoded, count=zeros.size).astype(bool)
    number = int(np.count_nonzero(kept))
    if values.size < number:
        raise ValueError(f"{values.size} values for {number} elements that were kept")
    result = zeros.astype(values.dtype)
    result[kept] = values[:number]
    return result


def huffman(encoded: Array, table: Array, first: int, elements: int) -> Array:
    """Symbols of Huffman codes, in the format of Xtensa's decoder.

    An entry of `table` has in its top bit whether it holds a symbol, in the next four a count, in the rest
    the symbol or the offset of the next table behind this entry's own. The count is how many of the bits last
    read the code really has, or one less than how many bits index the next table.

    Args:
        encoded: uint8[N]; the codes.
        table: uint16 or uint32 entries; the first ones are indexed by the first bits of a code.
        first: how many bits those are.
        elements: symbols to decode.

    Returns:
        The symbols, in a type as wide as the entries.

    Raises:
        ValueError: where the codes end early, or lead out of the table.
    """
    total = 8 * encoded.size
    padded = np.concatenate([encoded, np.zeros(8, np.uint8)]).astype(np.uint64)
    found = np.empty(elements, table.dtype)
    element = position = 0
    while element < elements and position < total:
        starts = np.arange(position, min(position + _CHUNK, total))
        symbols, lengths = _codes(padded, table, first, starts)
        path, position = _walk(lengths.tolist(), position, elements - element)
        found[element : element + len(path)] = symbols[path]
        element += len(path)
    if element < elements or position > total:
        raise ValueError(f"the codes end after {element} of {elements} elements")
    return found


def _walk(lengths: list[int], start: int, most: int) -> tuple[list[int], int]:
    """Where in `lengths` codes begin, `most` of them, and the bit after the last of them."""
    path: list[int] = []
    at = 0
    while at < len(lengths) and len(path) < most:
        if lengths[at] < 1:
            raise ValueError(f"no code at bit {start + at}")
        path.append(at)
        at += lengths[at]
    return path, start + at


def _codes(data: Array, table: Array, first: int, starts: Array) -> tuple[Array, Array]:
    """Symbol and length of a code that began at each bit of `starts`; length 0 where no code does."""
    entry_bits = 8 * table.dtype.itemsize
    found, value = 1 << (entry_bits - 1), (1 << (entry_bits - 5)) - 1
    symbols, lengths = np.zeros(starts.size, table.dtype), np.zeros(starts.size, np.int64)
    which, at = np.arange(starts.size), starts
    offset, count = np.zeros_like(starts), np.full(starts.size, first)
    for _ in range(_LONGEST_CHAIN):
        offset = offset + _bits(data, at, count)
        inside = (offset < table.size) & (at < 8 * (data.size - 8))
        which, at, offset, count = which[inside], at[inside], offset[inside], count[inside]
        entry = table[offset].astype(np.int64)
        counted = entry >> (entry_bits - 5) & 0xF
        done, more = (entry & found) != 0, (entry & found) == 0
        symbols[which[done]] = entry[done] & value
        # A count beyond the bits last read puts none of them back.
        lengths[which[done]] = (at - starts[which] + np.minimum(counted, count))[done]
        which, at, offset = which[more], (at + count)[more], (offset + (entry & value))[more]
        count = counted[more] + 1
        if not which.size:
            break
    return symbols, lengths


def _bits(data: Array, at: Array, count: Array) -> Array:
    """`count` (up to 31) bits of `data`, which has 8 bytes to spare, from each bit `at`."""
    byte = np.minimum(at >> 3, data.size - 8)
    word = np.zeros(at.size, np.uint64)
    for index in range(5):
        word = word << np.uint64(8) | data[byte + index]
    shift = (40 - (at & 7) - count).astype(np.uint64)
    mask = (np.uint64(1) << count.astype(np.uint64)) - np.uint64(1)
    return (word >> shift & mask).astype(np.int64)
