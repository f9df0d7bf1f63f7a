"""Arrays in flash: equal ones are stored once, whatever they are called."""

from __future__ import annotations

import numpy as np

from tinygen.codegen.constants import ConstantPool
from tinygen.ir import Array
from tinygen.kernels.interface import Constant, ConstantKind


def constant(values: Array, kind: ConstantKind = ConstantKind.WEIGHTS, align: int = 4) -> Constant:
    return Constant("filter", kind, lambda: values, align)


def test_equal_arrays_share_a_symbol_and_the_strictest_alignment() -> None:
    pool = ConstantPool("kws")
    first, added = pool.add("layer0_filter", "layer 0 filter", constant(np.arange(6, dtype=np.int8)))
    second, more = pool.add(
        "layer4_filter", "layer 4 filter", constant(np.arange(6, dtype=np.int8), align=16)
    )
    assert first is second
    assert (added, more) == (6, 0)
    (view,) = pool.views()
    assert (view.symbol, view.length, view.align) == ("kws_layer0_filter", 6, 16)
    assert view.note == "weights, 6 bytes: layer 0 filter, layer 4 filter"


def test_arrays_of_other_types_are_not_equal() -> None:
    pool = ConstantPool("kws")
    pool.add("a", "a", constant(np.zeros(4, np.int8)))
    pool.add("b", "b", constant(np.zeros(4, np.uint8)))
    pool.add("c", "c", constant(np.zeros(1, np.int32)))
    assert [view.c_type for view in pool.views()] == ["int8_t", "uint8_t", "int32_t"]


def test_bytes_are_counted_by_kind() -> None:
    pool = ConstantPool("kws")
    pool.add("filter", "filter", constant(np.arange(4, dtype=np.int8)))
    pool.add("bias", "bias", constant(np.arange(4, dtype=np.int32)))
    pool.add("table", "table", constant(np.arange(5, dtype=np.int16), ConstantKind.CONSTANTS))
    assert pool.bytes(ConstantKind.WEIGHTS) == 20
    assert pool.bytes(ConstantKind.CONSTANTS) == 10


def test_big_endian_and_strided_arrays_are_stored_alike() -> None:
    pool = ConstantPool("kws")
    pool.add("a", "a", constant(np.array([1, 2], ">i4")))
    pool.add("b", "b", constant(np.array([1, 9, 2, 9], np.int32)[::2]))
    assert len(pool.stored()) == 1
