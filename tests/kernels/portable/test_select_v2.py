import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.broadcasts import BROADCASTS, broadcast_pairs
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.select_v2 import DTYPES


def select(condition, first, second, dtype=DType.INT8):
    scale = None if dtype is DType.FLOAT32 else 0.1
    return OpCase(
        "SELECT_V2",
        (
            tensor(condition, dtype=DType.BOOL),
            tensor(first, scale, dtype=dtype),
            tensor(second, scale, dtype=dtype),
        ),
        tensor(np.broadcast_shapes(condition, first, second), scale, dtype=dtype),
    )


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [
        select(*shapes, dtype)
        for a, b in BROADCASTS
        for shapes in [(a, b, b), (b, a, b), (b, b, a), (a, a, b), (a, b, ())]
        for dtype in DTYPES
    ]
    check_against_tflm(cases, tmp_path)


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    cases = []
    for position in range(3):
        for dtype in DTYPES:
            case = select((2, 3, 4), (3, 1), (2, 1, 4), dtype)
            inputs = list(case.inputs)
            values = np.arange(inputs[position].elements).reshape(inputs[position].shape) % 5 - 2
            scale = inputs[position].quant.scale if inputs[position].quant else None
            inputs[position] = constant(values, inputs[position].dtype, scale)
            cases.append(OpCase("SELECT_V2", tuple(inputs), case.output))
    check_against_tflm(cases, tmp_path)


@pytest.mark.oracle
@given(st.lists(st.tuples(broadcast_pairs(), st.booleans()), min_size=20, max_size=20))
@settings(max_examples=2, deadline=None)
def test_random_broadcasts(tmp_path_factory, drawn):
    cases = [select(pair[0], pair[1], pair[swap]) for pair, swap in drawn]
    check_against_tflm(cases, tmp_path_factory.mktemp("select"), samples=1)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    shapes = [
        ((5,), (5,), (5,)),
        ((2, 3), (3,), (2, 1)),
        ((2, 1), (2, 3), (2, 3)),
        ((3,), (2, 1), (2, 3)),
    ]
    cases = [select(*item, dtype) for item in shapes for dtype in (DType.INT8, DType.FLOAT32)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, tries=150) > 0


def test_refuses_other_dtypes():
    refusal = select((2,), (2,), (2,), DType.INT32).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "bool and int32 and int32 to int32"
