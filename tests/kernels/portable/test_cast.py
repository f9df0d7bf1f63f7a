"""CAST where TFLM says nothing: real numbers that the dtype does not hold, uint32 and uint8."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.cast import converted

INTEGERS = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.UINT32)
REALS = np.float32(
    [
        *(0.0, -0.0, 0.5, -0.5, 0.99, -0.99, 1.5, -1.5, 126.9, 127.5, 128.0, -128.9, -129.0, 255.9, 256.0),
        *(32767.9, 32768.0, -32768.9, 2147483520.0, 2147483648.0, -2147483648.0, -2147483904.0),
        *(4294967040.0, 4294967296.0, 1e30, -1e30, np.inf, -np.inf, np.nan),
    ]
)


def cast(source: DType, target: DType, size: int) -> OpCase:
    return OpCase("CAST", (tensor((size,), dtype=source),), tensor((size,), dtype=target))


def test_reals_are_limited(tmp_path):
    cases = [cast(DType.FLOAT32, target, REALS.size) for target in INTEGERS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        (found,) = library.run(index, {0: REALS}).values()
        assert np.array_equal(found, converted(REALS, case.output.dtype)), case.output.dtype


def test_reals_inside_are_cut_to_integers():
    assert converted(np.float32([-1.9, -0.5, 0.5, 1.9, 254.9]), DType.UINT8).tolist() == [0, 0, 0, 1, 254]
    assert converted(np.float32([-128.9, 127.9]), DType.INT8).tolist() == [-128, 127]
    assert converted(np.float32([4e9]), DType.UINT32).tolist() == [4_000_000_000]


def test_bytes_without_sign(tmp_path):
    values = np.arange(256, dtype=np.uint8)
    targets = (*INTEGERS, DType.FLOAT32)
    cases = [cast(DType.UINT8, target, 256) for target in targets if target is not DType.UINT8]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        (found,) = library.run(index, {0: values}).values()
        assert np.array_equal(found, values.astype(case.output.dtype.numpy))


def test_overlaps_are_right_at_every_distance(tmp_path):
    """To shorter integers more would do: the bytes of an element that are cut off may be lost before."""
    pairs = [(DType.INT8, DType.INT32), (DType.INT32, DType.INT16), (DType.INT8, DType.FLOAT32)]
    cases = [cast(*pair, 7) for pair in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        exact = case.output.dtype.bytes > case.inputs[0].dtype.bytes
        assert sweep_overlaps(library, index, case, exact=exact) > 0


@pytest.mark.parametrize("target", [DType.INT64, DType.BOOL])
def test_refuses_other_dtypes(target):
    assert isinstance(cast(DType.INT8, target, 2).proposal(), Refusal)
