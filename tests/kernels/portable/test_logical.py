import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

KINDS = ("LOGICAL_AND", "LOGICAL_OR")


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [binary(kind, shapes, DType.BOOL) for kind in KINDS for shapes in BROADCASTS]
    fixed = constant(np.arange(20).reshape(4, 5) % 3 == 0, DType.BOOL)
    moving = tensor((2, 4, 5), dtype=DType.BOOL)
    pairs = [(moving, fixed), (fixed, moving)]
    cases += [OpCase(kind, pair, moving) for kind in KINDS for pair in pairs]
    check_against_tflm(cases, tmp_path, samples=3)


@pytest.mark.parametrize("kind", KINDS)
def test_overlaps_are_exact_at_every_distance(kind, tmp_path):
    pairs = [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]
    cases = [binary(kind, pair, DType.BOOL) for pair in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=150) > 0


def test_refuses_other_dtypes():
    assert isinstance(binary("LOGICAL_OR", ((2,), (2,)), DType.INT8).proposal(), Refusal)
