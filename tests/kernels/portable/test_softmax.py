import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.softmax import LONGEST_ROW

pytestmark = pytest.mark.oracle

OUTPUTS = {
    (DType.INT8, DType.INT8): (1 / 256, -128),
    (DType.INT8, DType.INT16): (1 / 65536, -32768),
    (DType.INT16, DType.INT16): (1 / 32768, 0),
    (DType.FLOAT32, DType.FLOAT32): (None, 0),
}
"""Scale and zero point of the output by the dtypes of input and output."""

FROM_INT8 = [DType.INT8, DType.INT16]


def softmax(shape, scale, zero_point=0, beta=1.0, dtypes=(DType.INT8, DType.INT8)):
    return OpCase(
        "SOFTMAX",
        (tensor(shape, scale, zero_point, dtypes[0]),),
        tensor(shape, *OUTPUTS[dtypes], dtypes[1]),
        {"beta": beta},
    )


SHAPES = [(1,), (1, 1), (1, 2), (1, 12), (7, 10), (1, 3, 3, 5), (2, 511)]
SCALES = [0.00001, 0.0039, 0.05, 0.125, 0.7, 3.0, 100.0]
LONGEST = LONGEST_ROW[DType.INT8]


@pytest.mark.parametrize("output", FROM_INT8)
def test_int8_equals_tflm(output, tmp_path):
    dtypes = (DType.INT8, output)
    cases = [softmax(shape, scale, dtypes=dtypes) for shape in SHAPES for scale in SCALES]
    cases += [softmax((3, 9), 0.1, -17, beta, dtypes) for beta in (0.01, 0.5, 2.0, 37.5)]
    cases += [softmax((1, LONGEST), scale, dtypes=dtypes) for scale in (0.05, 0.3)]
    library = check_against_tflm(cases, tmp_path, samples=3)
    assert library.instances == 1


@pytest.mark.parametrize("output", FROM_INT8)
def test_every_difference_at_many_scales(output, tmp_path):
    """All 256 differences to the maximum against one element, which covers the exponential's whole domain."""
    scales = np.exp(np.linspace(np.log(1e-4), np.log(5.0), 60))
    cases = [softmax((256, 2), float(scale), dtypes=(DType.INT8, output)) for scale in scales]
    pairs = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    compare(check_against_tflm(cases, tmp_path, samples=1), cases, [[{0: pairs}] * len(cases)])


@pytest.mark.parametrize("output", FROM_INT8)
def test_rows_of_equal_elements(output, tmp_path):
    """Sums that are powers of two are where the inverse saturates."""
    depths = (1, 2, 3, 4, 8, 16, 64, 256, 511, *((512, LONGEST) if output is DType.INT16 else ()))
    cases = [softmax((1, depth), 0.1, dtypes=(DType.INT8, output)) for depth in depths]
    library = check_against_tflm(cases, tmp_path, samples=1)
    for value in (-128, 0, 127):
        compare(library, cases, [[{0: np.full(case.output.shape, value, np.int8)} for case in cases]])


def test_rows_that_tflm_aborts_on_are_all_zero(tmp_path):
    cases = [softmax((1, depth), 0.1) for depth in (512, 2048, LONGEST)]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        (found,) = library.run(index, {0: np.zeros(case.output.shape, np.int8)}).values()
        assert (found == -128).all()


def test_int16_equals_tflm(tmp_path):
    """Every difference to the maximum, at scales to either side of where the exponential's table ends."""
    dtypes = (DType.INT16, DType.INT16)
    scales = [1e-6, 2.0**-12, 10 / 65535, 0.001, 0.02, 0.5, 4.9]
    cases = [softmax(shape, scale, dtypes=dtypes) for shape in SHAPES for scale in scales]
    cases += [softmax((3, 9), 0.001, 0, beta, dtypes) for beta in (0.01, 0.5, 2.0, 37.5)]
    library = check_against_tflm(cases, tmp_path, samples=3)
    assert library.instances == 1
    near = [softmax((3, 65, 400), scale, dtypes=dtypes) for scale in scales]
    values = np.random.default_rng(1).normal(0, 3, (3, 65, 400))
    inputs = [
        {0: np.clip(values / case.inputs[0].quant.scale, -32768, 32767).astype(np.int16)} for case in near
    ]
    compare(KernelLibrary([case.kernel_case() for case in near], tmp_path), near, [inputs])


def test_long_rows_of_int16(tmp_path):
    case = softmax((1, LONGEST_ROW[DType.INT16]), 0.001, dtypes=(DType.INT16, DType.INT16))
    library = check_against_tflm([case], tmp_path)
    compare(library, [case], [[{0: np.zeros(case.output.shape, np.int16)}]])


def test_reals(tmp_path):
    """On the host both use the same C library: the same bits."""
    dtypes = (DType.FLOAT32, DType.FLOAT32)
    cases = [softmax(shape, None, 0, beta, dtypes) for shape in SHAPES for beta in (1.0, 0.3)]
    rng = np.random.default_rng(2)
    inputs = [{0: rng.normal(0, 4, case.output.shape).astype(np.float32)} for case in cases]
    compare(KernelLibrary([case.kernel_case() for case in cases], tmp_path), cases, [inputs])


def test_in_place_is_all_that_is_needed(tmp_path):
    cases = [softmax(shape, 0.02, dtypes=dtypes) for shape in ((1, 7), (3, 4)) for dtypes in OUTPUTS]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert 0 in library.cases[index].candidate.overlaps[0].allowed
        exact = case.output.dtype is not DType.FLOAT32
        assert sweep_overlaps(library, index, case, exact=exact) >= case.output.elements


def test_refusal():
    case = softmax((1, 4), 0.1)
    refusal = OpCase("SOFTMAX", (tensor((1, 4), dtype=DType.FLOAT32),), case.output, case.options).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "float32 to int8"
