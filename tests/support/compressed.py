"""Writes weights as TFLM's compression does: lookup tables, pruning, and Huffman codes in Xtensa's format."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np

from tinygen.ir import Array

LUT, HUFFMAN, PRUNING = 0, 1, 2


def ancillary(kind: int, data: Array, *parameters: int) -> Array:
    """The ancillary tensor: metadata of version 1 with bytes 5 and 6, then the data of the type."""
    header = np.zeros(16, np.uint8)
    header[[0, 1, 4]] = kind, 1, 1
    header[5 : 5 + len(parameters)] = parameters
    return np.concatenate([header, np.frombuffer(data.tobytes(), np.uint8)])


def packed(bits: Sequence[int] | Array) -> Array:
    """Bits as bytes, the first one in the top bit."""
    return np.packbits(np.asarray(bits, np.uint8))


def lut(indices: Array, values: Array, width: int, stride: int) -> tuple[Array, Array]:
    """Encoded and ancillary tensor of elements given by their indices."""
    bits = indices.reshape(-1, 1) >> np.arange(width - 1, -1, -1) & 1
    return packed(bits.ravel()), ancillary(LUT, values, width, stride)


def pruned(values: Array, kept: Array) -> tuple[Array, Array]:
    """Encoded and ancillary tensor of the values where `kept`."""
    return packed(kept.ravel()), ancillary(PRUNING, values.ravel()[kept.ravel()])


def prefix_code(symbols: Sequence[int]) -> dict[int, str]:
    """A Huffman code for symbols by how often they occur; at least two of them differ."""
    number = count()
    heap = [(times, next(number), {symbol: ""}) for symbol, times in Counter(symbols).items()]
    heapq.heapify(heap)
    while len(heap) > 1:
        less, _, left = heapq.heappop(heap)
        more, _, right = heapq.heappop(heap)
        joined = {symbol: f"0{code}" for symbol, code in left.items()}
        joined |= {symbol: f"1{code}" for symbol, code in right.items()}
        heapq.heappush(heap, (less + more, next(number), joined))
    return heap[0][2]


def huffman_table(codes: Mapping[int, str], first: int, further: int, *, wide: bool) -> Array:
    """Decoding tables: one indexed by `first` bits, those behind it by up to `further` bits."""
    entry_bits = 32 if wide else 16
    symbol_mask = (1 << (entry_bits - 5)) - 1
    entries: list[int] = []

    def build(rest: Mapping[str, int], width: int) -> None:
        start = len(entries)
        entries.extend([0] * (1 << width))
        for index in range(1 << width):
            bits = format(index, f"0{width}b")
            exact = [code for code in rest if bits.startswith(code)]
            longer = {code[width:]: symbol for code, symbol in rest.items() if code.startswith(bits)}
            if exact:
                symbol = rest[exact[0]] & symbol_mask
                entries[start + index] = 1 << (entry_bits - 1) | len(exact[0]) << (entry_bits - 5) | symbol
            elif longer:
                following = min(further, max(map(len, longer)))
                offset = len(entries) - (start + index)
                entries[start + index] = (following - 1) << (entry_bits - 5) | offset
                build(longer, following)

    build({code: symbol for symbol, code in codes.items()}, first)
    return np.array(entries, np.uint32 if wide else np.uint16)


def huffman(values: Array, first: int, further: int, *, wide: bool) -> tuple[Array, Array]:
    """Encoded and ancillary tensor of int8 or int16 values."""
    symbols = values.ravel().tolist()
    codes = prefix_code(symbols)
    table = huffman_table(codes, first, further, wide=wide)
    bits = [int(bit) for symbol in symbols for bit in codes[symbol]]
    return packed(bits), ancillary(HUFFMAN, table, (first - 1) << 4 | int(wide))
