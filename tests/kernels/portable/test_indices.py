"""Kernels that take indices at run time: those that name nothing, overlaps, and pitches of resized images."""

from __future__ import annotations

import numpy as np

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.op_cases import OpCase, constant, sweep_overlaps, tensor
from tinygen.ir import DType

FAR = [-(2**31), -1, 0, 4, 5, 2**31 - 1]
NEAREST = [0, 0, 0, 4, 4, 4]


def gather() -> OpCase:
    operands = (tensor((5, 3)), tensor((len(FAR),), dtype=DType.INT32))
    return OpCase("GATHER", operands, tensor((len(FAR), 3)), {"axis": 0})


def gather_nd() -> OpCase:
    operands = (tensor((5, 3)), tensor((len(FAR), 1), dtype=DType.INT32))
    return OpCase("GATHER_ND", operands, tensor((len(FAR), 3)))


def lookup(output: DType) -> OpCase:
    operands = (tensor((len(FAR),), dtype=DType.INT32), tensor((5, 3), 0.5))
    return OpCase("EMBEDDING_LOOKUP", operands, tensor((len(FAR), 3), dtype=output))


def update(shape: tuple[int, ...], box: tuple[int, ...], dtype: DType = DType.INT8) -> OpCase:
    start = tensor((len(shape),), dtype=DType.INT32)
    operands = (tensor(shape, dtype=dtype), tensor(box, dtype=dtype), start)
    return OpCase("DYNAMIC_UPDATE_SLICE", operands, tensor(shape, dtype=dtype))


def test_an_index_outside_is_the_nearest_inside(tmp_path):
    table = np.arange(15, dtype=np.int8).reshape(5, 3)
    wanted = table[NEAREST]
    cases = [gather(), lookup(DType.INT8), lookup(DType.FLOAT32)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        given = {1: table, 0: np.int32(FAR)} if index else {0: table, 1: np.int32(FAR)}
        (found,) = library.run(index, given).values()
        assert np.array_equal(found, wanted * np.float32(0.5) if case.output.dtype.is_float else wanted)


def test_a_slice_outside_is_inside_all_the_same(tmp_path):
    table = np.arange(15, dtype=np.int8).reshape(5, 3)
    library = KernelLibrary([gather_nd().kernel_case()], tmp_path)
    (found,) = library.run(0, {0: table, 1: np.int32(FAR).reshape(-1, 1)}).values()
    assert np.array_equal(found[1:5], table[NEAREST][1:5])
    assert all(row in table.tolist() or set(row) <= set(range(15)) for row in found.tolist())


def test_an_update_starts_inside(tmp_path):
    case = update((4, 5), (2, 3))
    library = KernelLibrary([case.kernel_case()], tmp_path)
    source, box = np.zeros((4, 5), np.int8), np.ones((2, 3), np.int8)
    for start, (row, column) in [((-9, 99), (0, 2)), ((1, 1), (1, 1)), ((2**31 - 1, -(2**31)), (2, 0))]:
        (found,) = library.run(0, {0: source, 1: box, 2: np.int32(start)}).values()
        wanted = source.copy()
        wanted[row : row + 2, column : column + 3] = 1
        assert np.array_equal(found, wanted)


def test_overlaps_of_updates_are_right_at_every_distance(tmp_path):
    cases = [update((3, 4), (2, 3)), update((7,), (2,)), update((2, 3), (1, 3), DType.FLOAT32)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, exact=False) > 0
        (overlap,) = case.candidate().overlaps
        assert 0 in overlap.allowed


def test_images_are_resized_at_any_pitch(tmp_path):
    options = {"align_corners": 0, "half_pixel_centers": 1}
    cases = []
    for dtype in (DType.INT8, DType.FLOAT32):
        operands = (tensor((2, 3, 4, 3), dtype=dtype), constant([5, 7]))
        cases.append(OpCase("RESIZE_BILINEAR", operands, tensor((2, 5, 7, 3), dtype=dtype), options))
    ways = [case.kernel_case() for case in cases]
    ways += [KernelCase(way.graph, way.candidate, {0: 5, 2: 4}) for way in ways]
    library = KernelLibrary(ways, tmp_path)
    rng = np.random.default_rng(0)
    for index, case in enumerate(cases):
        values = case.random_inputs(rng)
        (dense,), (spread,) = (library.run(number, values).values() for number in (index, index + 2))
        assert dense.tobytes() == spread.tobytes()
