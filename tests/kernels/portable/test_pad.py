import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.kernels.portable.pad import borders


def pad(shape, pads, dtype=DType.INT8, zero=-7):
    output = [size + before + after for size, (before, after) in zip(shape, pads, strict=True)]
    scale = 0.1 if dtype is DType.INT8 else None
    return OpCase(
        "PAD",
        (tensor(shape, scale, zero, dtype), constant(np.reshape(pads, (-1, 2)))),
        tensor(output, scale, zero, dtype),
    )


PADS = [
    ((5,), [(2, 3)]),
    ((5,), [(0, 3)]),
    ((1, 5, 4, 3), [(0, 0), (1, 2), (3, 0), (0, 0)]),
    ((1, 5, 4, 3), [(0, 0), (1, 1), (1, 1), (0, 0)]),
    ((1, 5, 4, 3), [(0, 0), (0, 1), (0, 1), (0, 0)]),
    ((1, 5, 4, 3), [(0, 0), (0, 0), (2, 0), (0, 0)]),
    ((1, 5, 4, 3), [(0, 0), (0, 0), (0, 0), (1, 4)]),
    ((2, 3, 4, 3), [(1, 1), (0, 0), (0, 0), (1, 4)]),
    ((2, 3, 4, 3), [(1, 0), (0, 2), (3, 0), (0, 1)]),
    ((2, 3, 2, 3, 2), [(1, 0), (0, 2), (3, 0), (0, 1), (2, 2)]),
    ((2, 3, 2, 3, 2), [(0, 0), (0, 2), (0, 0), (1, 1), (0, 0)]),
    ((2, 3), [(0, 0), (0, 0)]),
    ((1, 1, 1, 1), [(1, 1), (1, 1), (1, 1), (1, 1)]),
]


@pytest.mark.oracle
def test_equals_tflm(tmp_path):
    cases = [pad(*item) for item in PADS]
    cases += [pad(*PADS[2], zero=zero) for zero in (-128, 0, 127)]
    cases += [pad(*item, dtype=DType.FLOAT32) for item in PADS[:9]]
    cases += [pad(*item, dtype=dtype) for item in PADS[2:4] for dtype in (DType.INT16, DType.INT32)]
    check_against_tflm(cases, tmp_path)


def test_paddings_share_one_instance(tmp_path):
    assert KernelLibrary([pad(*item).kernel_case() for item in PADS], tmp_path).instances == 1


@st.composite
def paddings(draw):
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=6))
    pads = [(draw(st.sampled_from([0, 0, 1, 2])), draw(st.sampled_from([0, 0, 1, 3]))) for _ in shape]
    return shape, pads


@given(st.lists(paddings(), min_size=1, max_size=10))
@settings(max_examples=8, deadline=None)
def test_equals_numpy(tmp_path_factory, items):
    cases = [pad(*item) for item in items]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path_factory.mktemp("pad"))
    rng = np.random.default_rng(0)
    for index, (case, (_, pads)) in enumerate(zip(cases, items, strict=True)):
        inputs = case.random_inputs(rng)
        (found,) = library.run(index, inputs).values()
        assert np.array_equal(found, np.pad(inputs[0], pads, constant_values=-7))


@given(paddings())
def test_loops_are_as_few_as_the_padded_axes(item):
    shape, pads = item
    loops, chunk = borders(shape, pads, 1)
    padded = sum(pair != (0, 0) for pair in pads)
    leading = pads[0] == (0, 0) and padded > 0
    assert len(loops) <= max(1, padded + leading)
    assert chunk * np.prod([rounds for _, rounds, _ in loops]) == np.prod(shape)


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        pad((5,), [(2, 3)]),
        pad((1, 2, 3, 2), [(0, 0), (1, 1), (1, 1), (0, 0)]),
        pad((3, 4), [(0, 2), (0, 1)]),
        pad((2, 9), [(0, 0), (1, 0)]),
        pad((2, 3), [(1, 0), (0, 2)], dtype=DType.FLOAT32),
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case) > 0


def test_pads_in_place_over_an_input_at_the_end_of_what_it_becomes():
    (overlap,) = pad((1, 48, 48, 3), [(0, 0), (1, 1), (1, 1), (0, 0)]).candidate().overlaps
    before_last = (1 * 50 + 1) * 3 + (48 * 50 - 48 * 48 - 2) * 3
    assert -before_last in overlap.allowed
    assert -before_last + 1 not in overlap.allowed


def test_refusals():
    case = pad((2, 3), [(1, 0), (0, 2)])
    moving = OpCase("PAD", (case.inputs[0], tensor((2, 2), dtype=DType.INT32)), case.output)
    long = pad((1,) * 7, [(1, 1)] * 7)
    for refused, rule in [(moving, "constant"), (long, "at most 6 axes")]:
        refusal = refused.proposal()
        assert isinstance(refusal, Refusal)
        assert rule in refusal.rule
