import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

KINDS = ("MAXIMUM", "MINIMUM")
DTYPES = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
UNSCALED = (None, None, None)


def extreme(kind, shapes, dtype):
    scales = (0.1, 0.2, 0.3) if dtype in DTYPES[:2] else UNSCALED
    return binary(kind, shapes, dtype, scales)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", KINDS)
def test_equals_tflm(kind, tmp_path):
    cases = [extreme(kind, shapes, dtype) for shapes in BROADCASTS for dtype in DTYPES]
    check_against_tflm(cases, tmp_path)


@pytest.mark.oracle
def test_float32_that_does_not_compare(tmp_path):
    edges = np.array([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan], np.float32)
    first, second = np.meshgrid(edges, edges)
    cases = [extreme(kind, (first.shape, first.shape), DType.FLOAT32) for kind in KINDS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    cases = []
    for dtype in DTYPES:
        scale = 0.1 if dtype in DTYPES[:2] else None
        fixed = constant(np.arange(-10, 10).reshape(4, 5), dtype, scale)
        moving = tensor((2, 4, 5), scale, dtype=dtype)
        pairs = [(moving, fixed), (fixed, moving)]
        cases += [OpCase(kind, pair, moving) for kind in KINDS for pair in pairs]
    check_against_tflm(cases, tmp_path)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_overlaps_are_exact_at_every_distance(dtype, tmp_path):
    cases = [extreme("MAXIMUM", pair, dtype) for pair in [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_refuses_other_dtypes():
    refusal = binary("MAXIMUM", ((2,), (2,)), DType.BOOL).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "bool and bool to bool"
