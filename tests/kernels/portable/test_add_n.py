import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.add_n import MOST_INPUTS
from tinygen.resources import firmware


def add_n(count, shape=(3, 7), scales=(0.1, 0.2), zeros=(3, -4), dtype=DType.INT8):
    quants = [(None, 0)] * 2 if dtype is DType.FLOAT32 else list(zip(scales, zeros, strict=True))
    inputs = tuple(tensor(shape, *quants[0], dtype) for _ in range(count))
    return OpCase("ADD_N", inputs, tensor(shape, *quants[1], dtype))


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [add_n(count, dtype=dtype) for dtype in (DType.INT8, DType.FLOAT32) for count in range(2, 9)]
    cases += [
        add_n(3, scales=scales, zeros=zeros)
        for scales in [(0.1, 0.1), (0.5, 0.01), (0.01, 3.0)]
        for zeros in [(0, 0), (-128, 127), (127, -128)]
    ]
    cases += [add_n(2, shape) for shape in [(), (1,), (2, 1, 3, 1, 2, 2)]]
    check_against_tflm(cases, tmp_path, samples=3)


@pytest.mark.oracle
def test_extremes_of_most_inputs(tmp_path):
    cases = [add_n(8, (4,), (1.0, 8.0), zeros) for zeros in [(-128, 0), (127, 0)]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    edges = np.array([-128, 127, 0, -128], np.int8)
    compare(library, cases, [[dict.fromkeys(range(8), edges)] * 2])


@pytest.mark.oracle
def test_constants_and_repeated_inputs(tmp_path):
    fixed = constant(np.arange(-10, 11).reshape(3, 7), DType.INT8, 0.1, 3)
    moving = tensor((3, 7), 0.1, 3)
    result = tensor((3, 7), 0.2, -4)
    cases = [OpCase("ADD_N", inputs, result) for inputs in [(moving, fixed), (fixed, moving, fixed, moving)]]
    check_against_tflm(cases, tmp_path)


@pytest.mark.parametrize("dtype", [DType.INT8, DType.FLOAT32], ids=str)
def test_overlaps_are_exact_at_every_distance(dtype, tmp_path):
    case = add_n(3, (2, 3), dtype=dtype)
    library = KernelLibrary([case.kernel_case()], tmp_path)
    assert sweep_overlaps(library, 0, case, tries=150) > 0


def test_the_limit_is_the_headers():
    header = (firmware() / "kernels" / "portable" / "add_n.h").read_text(encoding="utf-8")
    assert f"TG_ADD_N_INPUTS = {MOST_INPUTS} " in header


def test_refusals():
    for case in (add_n(9), add_n(2, dtype=DType.INT16)):
        refusal = case.proposal()
        assert isinstance(refusal, Refusal)
        assert refusal.rule == "ADD_N takes and gives up to 8 int8 or float32 tensors"
