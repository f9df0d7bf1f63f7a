import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.kernels.interface import Refusal
from tinygen.kernels.portable.softmax import MAX_DEPTH, scaling

pytestmark = pytest.mark.oracle


def softmax(shape, scale, zero_point=0, beta=1.0, output_scale=1 / 256, output_zero=-128):
    return OpCase(
        "SOFTMAX",
        (tensor(shape, scale, zero_point),),
        tensor(shape, output_scale, output_zero),
        {"beta": beta},
    )


SHAPES = [(1,), (1, 1), (1, 2), (1, 12), (7, 10), (1, 3, 3, 5), (2, 511)]
SCALES = [0.00001, 0.0039, 0.05, 0.125, 0.7, 3.0, 100.0]


def test_equals_tflm(tmp_path):
    cases = [softmax(shape, scale) for shape in SHAPES for scale in SCALES]
    cases += [softmax((3, 9), 0.1, zero_point=-17, beta=beta) for beta in (0.01, 0.5, 2.0, 37.5)]
    cases += [softmax((1, MAX_DEPTH), scale) for scale in (0.05, 0.3)]
    library = check_against_tflm(cases, tmp_path, samples=3)
    assert library.instances == 1


def test_every_difference_at_many_scales(tmp_path):
    """All 256 differences to the maximum against one element, which covers the exponential's whole domain."""
    scales = np.exp(np.linspace(np.log(1e-4), np.log(5.0), 60))
    cases = [softmax((256, 2), float(scale)) for scale in scales]
    pairs = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    compare(check_against_tflm(cases, tmp_path, samples=1), cases, [[{0: pairs}] * len(cases)])


def test_rows_of_equal_elements(tmp_path):
    """Sums that are powers of two are where the inverse saturates."""
    cases = [softmax((1, depth), 0.1) for depth in (1, 2, 3, 4, 8, 16, 64, 256, 511)]
    library = check_against_tflm(cases, tmp_path, samples=1)
    for value in (-128, 0, 127):
        compare(library, cases, [[{0: np.full(case.output.shape, value, np.int8)} for case in cases]])


def test_rows_that_tflm_aborts_on_are_all_zero(tmp_path):
    cases = [softmax((1, depth), 0.1) for depth in (512, 2048, MAX_DEPTH)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        (found,) = library.run(index, {0: np.zeros(case.output.shape, np.int8)}).values()
        assert (found == -128).all()


def test_in_place_is_all_that_is_needed(tmp_path):
    cases = [softmax((1, 7), 0.02), softmax((3, 4), 0.02)]
    library = check_against_tflm(cases, tmp_path)
    for index, case in enumerate(cases):
        assert 0 in library.cases[index].candidate.overlaps[0].allowed
        assert sweep_overlaps(library, index, case) == case.output.elements


def test_scaling_equals_tflms_formula():
    # 0.1 * 2^26 = 6710886.4 = 0.8 * 2^23; the radius is 31 * 2^26 / 2^23.
    assert scaling(1.0, 0.1) == (round(0.8 * 2**31), 23, -248)
    with pytest.raises(ValueError, match="beta times"):
        scaling(1.0, 2.0**-26)


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        (softmax((1, 4), 0.1, output_zero=0), "scale 1/256 and zero point -128"),
        (softmax((1, MAX_DEPTH + 1), 0.1), "rows of 1 to 4095"),
        (softmax((1, 4), 1e-9), "above 2^-26"),
        (softmax((1, 4), None), "int8"),
    ],
)
def test_refusals(case, rule):
    refusal = case.proposal()
    assert isinstance(refusal, Refusal)
    assert rule in refusal.rule
