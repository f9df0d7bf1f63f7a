"""Operators that move elements, from the file to C, with views and with copies, against TFLM or LiteRT."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.op_cases import constant, tensor
from tests.support.op_models import OpModel, check_models
from tinygen.ir import DType, Tensor

NUMBERS = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
SHORT = (DType.INT8, DType.FLOAT32)
Shape = tuple[int, ...]

pytestmark = pytest.mark.oracle


def of(shape: Shape, dtype: DType = DType.INT8, zero_point: int = 0) -> Tensor:
    """An activation; int8 and int16 ones are quantized."""
    return tensor(shape, 0.1 if dtype in (DType.INT8, DType.INT16) else None, zero_point, dtype)


def concatenation(shapes: list[Shape], axis: int, dtype: DType = DType.INT8) -> OpModel:
    output = list(shapes[0])
    output[axis] = sum(shape[axis] for shape in shapes)
    parts = tuple(of(shape, dtype) for shape in shapes)
    return OpModel("CONCATENATION", parts, (of(tuple(output), dtype),), {"axis": axis})


def concatenation_cases() -> list[OpModel]:
    cases = []
    for dtype, axis in product((*NUMBERS, DType.INT64, DType.BOOL), (0, 1, 2, -1)):
        longer = [2, 3, 4, 5]
        longer[axis] += 2
        cases.append(concatenation([(2, 3, 4, 5), tuple(longer), (2, 3, 4, 5)], axis, dtype))
    cases += [concatenation([(3,), (2,)], 0), concatenation([(1, 2, 3, 1, 2, 2)] * 10, -2)]
    cases += [concatenation([(4, 5)], 1), concatenation([(1, 3, 8), (1, 2, 8)], 1)]
    one, two = of((2, 3)), of((2, 3))
    cases.append(OpModel("CONCATENATION", (one, two, one), (of((2, 9)),), {"axis": 1}))
    fixed = constant(np.arange(6).reshape(2, 3), DType.INT8, 0.1)
    cases.append(OpModel("CONCATENATION", (one, fixed), (of((2, 6)),), {"axis": 1}))
    cases.append(OpModel("CONCATENATION", (fixed, two), (of((4, 3)),), {"axis": 0}))
    return cases


def pack_cases() -> list[OpModel]:
    cases = []
    for dtype, axis in product((*NUMBERS, DType.INT64), (0, 1, -1)):
        parts = tuple(of((3, 4), dtype) for _ in range(3))
        output = [3, 4]
        output.insert(axis % 3, 3)
        options = {"axis": axis, "values_count": 3}
        cases.append(OpModel("PACK", parts, (of(tuple(output), dtype),), options))
    cases.append(OpModel("PACK", (of(()), of(())), (of((2,)),), {"axis": 0, "values_count": 2}))
    return cases


def split(shape: Shape, axis: int, count: int, dtype: DType = DType.INT8) -> OpModel:
    output = list(shape)
    output[axis] //= count
    parts = tuple(of(tuple(output), dtype) for _ in range(count))
    return OpModel("SPLIT", (constant(axis), of(shape, dtype)), parts, {"num_splits": count})


def split_v(shape: Shape, axis: int, sizes: tuple[int, ...], dtype: DType = DType.INT8) -> OpModel:
    parts = tuple(
        of((*shape[: axis % len(shape)], size, *shape[axis % len(shape) + 1 :]), dtype) for size in sizes
    )
    operands = (of(shape, dtype), constant(sizes), constant(axis))
    return OpModel("SPLIT_V", operands, parts, {"num_splits": len(sizes)})


def unpack(shape: Shape, axis: int, dtype: DType = DType.INT8) -> OpModel:
    at = axis % len(shape)
    parts = tuple(of((*shape[:at], *shape[at + 1 :]), dtype) for _ in range(shape[at]))
    return OpModel("UNPACK", (of(shape, dtype),), parts, {"axis": axis, "num": shape[at]})


def splits_cases() -> list[OpModel]:
    cases = []
    for dtype, axis in product(NUMBERS, (0, 1, 2, -1)):
        cases.append(split((4, 2, 6, 8), axis, 2, dtype))
        cases.append(unpack((3, 2, 4, 2), axis, dtype))
    cases += [split((1, 12), 1, 4), split((6,), 0, 6), split((2, 5), 0, 1)]
    cases += [split_v((1, 11, 1, 64), -1, (32, 16, 16)), split_v((3, 7, 2), 1, (1, 4, 2), DType.INT16)]
    cases += [split_v((5, 2), 0, (2, 3), DType.FLOAT32), split_v((5, 2), 0, (5,), DType.INT32)]
    cases += [unpack((1, 1, 72), 0, DType.INT16), unpack((3,), 0)]
    return cases


def sliced(shape: Shape, begin: Shape, size: Shape, dtype: DType = DType.INT8, index: DType = DType.INT32):
    output = tuple(n - b if s == -1 else s for n, b, s in zip(shape, begin, size, strict=True))
    return OpModel(
        "SLICE", (of(shape, dtype), constant(begin, index), constant(size, index)), (of(output, dtype),)
    )


def strided(shape: Shape, begin: Shape, end: Shape, strides: Shape, output: Shape, **masks: int) -> OpModel:
    dtype = DType(masks.pop("dtype", "int8"))
    tables = (constant(begin), constant(end), constant(strides))
    return OpModel("STRIDED_SLICE", (of(shape, dtype), *tables), (of(output, dtype),), masks)


def slices_cases() -> list[OpModel]:
    cases = []
    for dtype in (*NUMBERS, DType.BOOL):
        cases += [
            sliced((2, 3, 4, 5), (0, 1, 0, 0), (2, -1, 4, 5), dtype),
            sliced((2, 3, 4, 5), (1, 0, 1, 2), (1, 3, 2, 3), dtype, DType.INT64),
            sliced((1, 3, 4, 5), (0, 1, 2, 0), (1, 1, 2, 5), dtype),
            sliced((2, 2, 2, 2, 2), (0, 1, 0, 1, 0), (-1, -1, -1, -1, -1), dtype),
            strided((4, 6), (1, 0), (3, 6), (1, 2), (2, 3), dtype=dtype.value),
            strided((4, 6), (-1, 5), (0, 0), (-1, -2), (4, 3), end_mask=3, dtype=dtype.value),
            strided((4, 6), (-2, 1), (0, 100), (1, 1), (5,), shrink_axis_mask=1, dtype=dtype.value),
            strided((2, 3, 4, 5), (0, 0, 0, 1), (2, 3, 4, 4), (1, 1, 1, 1), (2, 3, 4, 3), dtype=dtype.value),
            strided((2, 3, 4, 5), (0, 0, 0, 0), (2, 3, 4, 5), (1, 2, 3, 1), (2, 2, 2, 5), dtype=dtype.value),
        ]
    cases += [
        sliced((7,), (2,), (3,)),
        strided((9,), (8,), (0,), (-3,), (3,)),
        strided(
            (1, 5, 1, 40), (0, 3, 0, 0), (0, 0, 0, 0), (1,) * 4, (1, 2, 1, 40), begin_mask=13, end_mask=15
        ),
    ]
    return cases


def transpose(shape: Shape, perm: Shape, dtype: DType = DType.INT8) -> OpModel:
    output = tuple(shape[axis] for axis in perm)
    return OpModel("TRANSPOSE", (of(shape, dtype), constant(perm)), (of(output, dtype),))


def every_permutation_cases() -> list[OpModel]:
    shapes = [(4, 5), (2, 3, 4), (1, 3, 4), (2, 3, 4, 5), (3, 1, 2, 4)]
    cases = [transpose(shape, perm) for shape in shapes for perm in permutations(range(len(shape)))]
    cases += [transpose((2, 3, 2, 2, 3), perm) for perm in list(permutations(range(5)))[::7]]
    for dtype in (DType.INT16, DType.FLOAT32):
        cases += [transpose((2, 3, 4), perm, dtype) for perm in permutations(range(3))]
    return cases


def space_and_depth_cases() -> list[OpModel]:
    cases = []
    for dtype, (batch, block) in product(SHORT, [(1, 2), (2, 3), (2, 1)]):
        narrow, wide = (batch, 2, 3, 5 * block**2), (batch, 2 * block, 3 * block, 5)
        options = {"block_size": block}
        cases.append(OpModel("DEPTH_TO_SPACE", (of(narrow, dtype),), (of(wide, dtype),), options))
        cases.append(OpModel("SPACE_TO_DEPTH", (of(wide, dtype),), (of(narrow, dtype),), options))
    return cases


def to_batch(shape: Shape, block: Shape, pads: list[Shape], output: Shape, dtype: DType, zero: int = 0):
    tables = (constant(block), constant(pads))
    return OpModel("SPACE_TO_BATCH_ND", (of(shape, dtype, zero), *tables), (of(output, dtype, zero),))


def to_space(shape: Shape, block: Shape, crops: list[Shape], output: Shape, dtype: DType):
    tables = (constant(block), constant(crops))
    return OpModel("BATCH_TO_SPACE_ND", (of(shape, dtype), *tables), (of(output, dtype),))


def space_and_batch_cases() -> list[OpModel]:
    none = [(0, 0), (0, 0)]
    cases = []
    for dtype in SHORT:
        cases += [
            to_batch((2, 4, 6, 3), (2, 3), none, (12, 2, 2, 3), dtype, 5 if dtype is DType.INT8 else 0),
            to_batch((1, 4, 5, 2), (2, 2), [(1, 1), (0, 1)], (4, 3, 3, 2), dtype),
            to_batch((2, 5, 3), (3,), [(1, 0)], (6, 2, 3), dtype),
            to_batch((1, 4, 4, 1), (1, 1), none, (1, 4, 4, 1), dtype),
            to_space((12, 2, 2, 3), (2, 3), none, (2, 4, 6, 3), dtype),
            to_space((4, 3, 3, 2), (2, 2), [(1, 1), (0, 1)], (1, 4, 5, 2), dtype),
            to_space((6, 2, 3), (3,), [(1, 0)], (2, 5, 3), dtype),
        ]
    return cases


def pad(kind: str, shape: Shape, pads: list[Shape], dtype: DType, zero: int = 0, value: float | None = None):
    output = tuple(size + before + after for size, (before, after) in zip(shape, pads, strict=True))
    scale = 0.1 if dtype is DType.INT8 else None
    given = () if value is None else (constant(value, dtype, scale, zero),)
    operands = (of(shape, dtype, zero), constant(pads), *given)
    return OpModel(kind, operands, (of(output, dtype, zero),))


def mirror(shape: Shape, pads: list[Shape], mode: int, dtype: DType, index: DType = DType.INT32) -> OpModel:
    output = tuple(size + before + after for size, (before, after) in zip(shape, pads, strict=True))
    operands = (of(shape, dtype), constant(pads, index))
    return OpModel("MIRROR_PAD", operands, (of(output, dtype),), {"mode": mode})


def pads_cases() -> list[OpModel]:
    borders = [(1, 0), (0, 2), (3, 0), (0, 1)]
    cases = [pad("PAD", (2, 3, 4, 3), borders, dtype) for dtype in NUMBERS]
    cases += [pad("PAD", (2, 3, 4, 3), borders, DType.INT8, zero) for zero in (-128, 7)]
    values = {DType.INT8: -3, DType.INT16: 1234, DType.INT32: -70000, DType.FLOAT32: 1.5}
    cases += [pad("PADV2", (2, 3, 4, 3), borders, dtype, value=value) for dtype, value in values.items()]
    cases += [
        pad("PADV2", (5,), [(2, 1)], DType.FLOAT32, value=-0.0),
        pad("PAD", (5,), [(0, 1)], DType.INT16),
    ]
    cases += [pad("PADV2", (1, 2, 1, 3, 2), [(1, 1)] * 5, DType.INT16, value=-2)]
    for dtype, mode in product(SHORT, (0, 1)):
        cases += [
            mirror((3, 4), [(2, 1), (1, 3)], mode, dtype),
            mirror((1, 4, 3, 2), [(0, 0), (3, 2), (2, 2), (0, 0)], mode, dtype, DType.INT64),
            mirror((5,), [(0, 0)], mode, dtype),
        ]
    cases.append(mirror((2, 3), [(2, 2), (3, 3)], 1, DType.INT8))
    return cases


def gather(shape: Shape, indices, axis: int, dtype: DType = DType.INT8, batch_dims: int = 0) -> OpModel:
    """`indices` are constant values, or the shape of an activation."""
    data = np.zeros(shape)
    if isinstance(indices, tuple):
        given, count = tensor(indices, dtype=DType.INT32), indices
    else:
        given = constant(indices)
        count = given.shape
    behind = count[batch_dims:]
    output = (*shape[: axis % data.ndim], *behind, *shape[axis % data.ndim + 1 :])
    limits = {1: (0, shape[axis] - 1)}
    options = {"axis": axis, "batch_dims": batch_dims}
    return OpModel("GATHER", (of(shape, dtype), given), (of(output, dtype),), options, limits)


def gather_nd(shape: Shape, indices, dtype: DType = DType.INT8) -> OpModel:
    given = tensor(indices, dtype=DType.INT32) if isinstance(indices, tuple) else constant(indices)
    output = (*given.shape[:-1], *shape[given.shape[-1] :])
    limits = {1: (0, min(shape[: given.shape[-1]]) - 1)}
    return OpModel("GATHER_ND", (of(shape, dtype), given), (of(output, dtype),), {}, limits)


def lookup(table: Tensor, count: int, dtype: DType) -> OpModel:
    indices = tensor((count,), dtype=DType.INT32)
    output = of((count, *table.shape[1:]), dtype)
    return OpModel("EMBEDDING_LOOKUP", (indices, table), (output,), {}, {0: (0, table.shape[0] - 1)})


def gathers_cases() -> list[OpModel]:
    cases = []
    for dtype in SHORT:
        cases += [
            gather((5, 4), [3, 0, 3], 0, dtype),
            gather((5, 4), [[1, 2], [0, 3]], 1, dtype),
            gather((2, 5, 3), [4, 2, 0], -2, dtype),
            gather((2, 5, 3), 2, 1, dtype),
            gather((5, 4), (3,), 0, dtype),
            gather((2, 5, 3), (2, 2), 1, dtype),
            gather((2, 5, 3), (2, 4), 1, dtype, 1),
            gather((2, 3, 5, 2), (2, 4), 2, dtype, 1),
            gather((2, 5, 3), [[1, 2], [4, 0]], 1, dtype, 1),
            gather_nd((4, 3, 2), [[1], [3]], dtype),
            gather_nd((4, 3, 2), [[[1, 0, 1]], [[3, 2, 0]]], dtype),
            gather_nd((4, 3, 2), (5, 2), dtype),
            gather_nd((4, 3), (2,), dtype),
            lookup(of((6, 3), dtype), 4, dtype),
            lookup(of((6, 3, 2), dtype), 2, dtype),
        ]
    rng = np.random.default_rng(0)
    table = constant(rng.integers(-128, 128, (9, 5)), DType.INT8, 0.037)
    cases += [lookup(table, 3, DType.FLOAT32), lookup(table, 3, DType.INT8)]
    return cases


def resize(kind: str, size: Shape, output: Shape, dtype: DType, corners: bool, half: bool) -> OpModel:
    operands = (of((2, *size, 3), dtype), constant(output))
    options = {"align_corners": corners, "half_pixel_centers": half}
    return OpModel(kind, operands, (of((2, *output, 3), dtype),), options)


SIZES = [
    ((3, 4), (6, 8)),
    ((3, 4), (7, 5)),
    ((7, 5), (3, 4)),
    ((1, 1), (3, 2)),
    ((5, 6), (1, 1)),
    ((2, 9), (9, 20)),
]


def resize_nearest_neighbor_cases() -> list[OpModel]:
    ways = product(SIZES, (DType.INT8, DType.INT16, DType.FLOAT32), (False, True), (False, True))
    return [
        resize("RESIZE_NEAREST_NEIGHBOR", *sizes, dtype, corners, half)
        for sizes, dtype, corners, half in ways
    ]


def resize_bilinear_cases() -> list[OpModel]:
    ways = product(SIZES, SHORT, ((False, False), (True, False), (False, True)))
    return [resize("RESIZE_BILINEAR", *sizes, dtype, *how) for sizes, dtype, how in ways]


def reverse_cases() -> list[OpModel]:
    cases = []
    for dtype in (*NUMBERS, DType.INT64, DType.UINT8, DType.BOOL):
        for axes in ([0], [1], [-1], [1, 2], [2, 0, 1]):
            operands = (of((2, 3, 4), dtype), constant(axes))
            cases.append(OpModel("REVERSE_V2", operands, (of((2, 3, 4), dtype),)))
    return cases


def broadcast_to_cases() -> list[OpModel]:
    cases = []
    for dtype in (*NUMBERS, DType.INT64, DType.UINT8, DType.BOOL):
        for shape, target in [
            ((3, 1), (2, 3, 4)),
            ((1,), (5,)),
            ((2, 1, 3), (2, 4, 3)),
            ((1, 1, 3), (4, 2, 3)),
        ]:
            operands = (
                of(shape, dtype),
                constant(target, DType.INT64 if dtype is DType.BOOL else DType.INT32),
            )
            cases.append(OpModel("BROADCAST_TO", operands, (of(target, dtype),)))
    return cases


def tile_cases() -> list[OpModel]:
    cases = []
    for dtype in (*NUMBERS, DType.INT64, DType.BOOL):
        for shape, multiples in [
            ((3,), (4,)),
            ((2, 3), (1, 3)),
            ((2, 3, 2), (3, 1, 2)),
            ((1, 2, 3, 2), (2, 2, 3, 4)),
        ]:
            output = tuple(size * count for size, count in zip(shape, multiples, strict=True))
            operands = (of(shape, dtype), constant(multiples))
            cases.append(OpModel("TILE", operands, (of(output, dtype),)))
    return cases


def fill_cases() -> list[OpModel]:
    """Values that are computed, and constants of which there are too many to store."""
    cases = []
    for dtype in (DType.INT8, DType.INT32, DType.FLOAT32):
        for shape in ((5,), (2, 3, 4)):
            cases.append(OpModel("FILL", (constant(shape), of((), dtype)), (of(shape, dtype),)))
        for value in (0, -3):
            operands = (constant((5, 1000)), constant(value, dtype))
            cases.append(OpModel("FILL", operands, (of((5, 1000), dtype),)))
    for dtype, count in ((DType.INT8, 5000), (DType.INT32, 1100), (DType.INT64, 600), (DType.FLOAT32, 1100)):
        source = tensor((count,), dtype=dtype)
        cases.append(OpModel("ZEROS_LIKE", (source,), (tensor((count,), dtype=dtype),)))
    return cases


CASTS = (DType.INT8, DType.INT16, DType.INT32, DType.UINT32, DType.FLOAT32)


def cast_cases() -> list[OpModel]:
    """Of real numbers, those that every dtype but uint32 holds; uint32 from float has a test of its own."""
    return [
        OpModel("CAST", (tensor((3, 7), dtype=source),), (tensor((3, 7), dtype=target),))
        for source, target in product((*CASTS, DType.BOOL), CASTS)
        if (source, target) != (DType.FLOAT32, DType.UINT32)
    ]


def dynamic_update_slice_cases() -> list[OpModel]:
    cases = []
    for dtype, index in product(NUMBERS, (DType.INT32, DType.INT64)):
        for shape, box in [((6,), (2,)), ((4, 5), (2, 3)), ((4, 5), (1, 5)), ((2, 3, 4, 2), (1, 2, 2, 2))]:
            start = tensor((len(shape),), dtype=index)
            operands = (of(shape, dtype), of(box, dtype), start)
            case = OpModel("DYNAMIC_UPDATE_SLICE", operands, (of(shape, dtype),), {}, {2: (-2, 6)})
            cases.append(case)
    whole = (of((2, 3)), of((2, 3)), tensor((2,), dtype=DType.INT32))
    cases.append(OpModel("DYNAMIC_UPDATE_SLICE", whole, (of((2, 3)),)))
    return cases


def broadcast_args_cases() -> list[OpModel]:
    cases = []
    for dtype in (DType.INT32, DType.INT64):
        for first, second in [(3, 3), (2, 4), (4, 1)]:
            operands = (tensor((first,), dtype=dtype), tensor((second,), dtype=dtype))
            output = tensor((max(first, second),), dtype=dtype)
            limits = {0: (1, 1), 1: (1, 9)}
            cases.append(OpModel("BROADCAST_ARGS", operands, (output,), {}, limits))
    return cases


def shapes_change_in_every_dtype_cases() -> list[OpModel]:
    cases = []
    for dtype in (*NUMBERS, DType.INT64, DType.UINT8, DType.BOOL):
        source = of((1, 3, 1, 4), dtype)
        cases.append(OpModel("RESHAPE", (source, constant([2, 6])), (of((2, 6), dtype),)))
        cases.append(
            OpModel("SQUEEZE", (of((1, 3, 1), dtype),), (of((1, 3), dtype),), {"squeeze_dims": (-1,)})
        )
    for dtype in (DType.INT8, DType.INT16, DType.FLOAT32):
        cases.append(OpModel("EXPAND_DIMS", (of((2, 3), dtype), constant(-2)), (of((2, 1, 3), dtype),)))
    return cases


GROUPS = {
    "joins and splits": (concatenation_cases, pack_cases, splits_cases),
    "parts": (slices_cases, every_permutation_cases),
    "borders and blocks": (pads_cases, space_and_depth_cases, space_and_batch_cases, reverse_cases),
    "images": (resize_nearest_neighbor_cases, resize_bilinear_cases),
    "indices": (gathers_cases, dynamic_update_slice_cases, broadcast_args_cases),
    "values": (broadcast_to_cases, fill_cases, cast_cases, shapes_change_in_every_dtype_cases),
}
"""Operators whose cases are one model, since every model takes seconds to compile and run."""


@pytest.mark.parametrize("group", GROUPS)
def test_equals_tflm(group: str, tmp_path: Path) -> None:
    check_models([case for make in GROUPS[group] for case in make()], tmp_path)


def test_tile_equals_litert(tmp_path: Path) -> None:
    check_models(tile_cases(), tmp_path, samples=1, oracle="litert")


@st.composite
def joins(draw: st.DrawFn) -> OpModel:
    """CONCATENATION or a split of any shape and axis."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    shapes = [tuple(size if k == axis % len(shape) else n for k, n in enumerate(shape)) for size in sizes]
    if draw(st.booleans()):
        return concatenation(shapes, axis, draw(st.sampled_from(NUMBERS)))
    shape[axis] = sum(sizes)
    return split_v(tuple(shape), axis, tuple(sizes), draw(st.sampled_from(NUMBERS)))


@given(st.lists(joins(), min_size=12, max_size=12))
@settings(max_examples=2, deadline=None)
def test_random_joins_and_splits(tmp_path_factory: pytest.TempPathFactory, cases: list[OpModel]) -> None:
    check_models(cases, tmp_path_factory.mktemp("joins"), samples=1)
