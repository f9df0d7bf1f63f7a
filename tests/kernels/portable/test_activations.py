import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal

pytestmark = pytest.mark.oracle

ALL_INT8 = np.arange(-128, 128, dtype=np.int8)
ALL_INT16 = np.arange(-32768, 32768).astype(np.int16)
ZEROS = [(0, 0), (-128, -128), (127, -128), (5, 5), (-3, 127)]


def case(kind, scales, zeros=(0, 0), *, dtype=DType.INT8, shape=(256,), **options):
    source = tensor(shape, scales[0], zeros[0], dtype)
    return OpCase(kind, (source,), tensor(shape, scales[1], zeros[1], dtype), options)


def real(kind, shape=(2048,), **options):
    return OpCase(kind, (tensor(shape, dtype=DType.FLOAT32),), tensor(shape, dtype=DType.FLOAT32), options)


def check_every_value(cases, values, folder):
    library = check_against_tflm(cases, folder, samples=1)
    compare(library, cases, [[{0: values}] * len(cases)])
    return library


def random_pairs(count, seed, low=1e-3, high=1.0):
    rng = np.random.default_rng(seed)
    return np.exp(rng.uniform(np.log(low), np.log(high), (count, 2))).tolist()


def test_logistic_and_tanh_of_every_int8(tmp_path):
    scales = [
        *np.exp(np.linspace(np.log(2.0**-27), np.log(10000.0), 40)).tolist(),
        2.0 ** (-28),
        1 / 16,
        0.125,
        15.0,
    ]
    cases = [case("LOGISTIC", (scale, 1 / 256), (zero, -128)) for scale in scales for zero in (0, -128, 127)]
    cases += [case("TANH", (scale, 1 / 128), (zero, 0)) for scale in scales for zero in (0, -128, 127)]
    assert check_every_value(cases, ALL_INT8, tmp_path).instances == 1


def test_elu_of_every_int8(tmp_path):
    cases = [case("ELU", pair, zeros) for pair in random_pairs(30, 1) for zeros in ZEROS]
    check_every_value(cases, ALL_INT8, tmp_path)


def test_hard_swish_of_every_int8(tmp_path):
    pairs = [*random_pairs(30, 2, 0.005, 0.3), (3.0, 0.1), (40.0, 1.0), (1e-5, 1e-4), (0.5, 100.0)]
    cases = [case("HARD_SWISH", pair, zeros) for pair in pairs for zeros in ZEROS]
    check_every_value(cases, ALL_INT8, tmp_path)


def test_leaky_relu_of_every_int8(tmp_path):
    cases = [
        case("LEAKY_RELU", pair, zeros, alpha=alpha)
        for pair, alpha in zip(random_pairs(24, 3), [0.1, 0.01, 1.5, 0.0, -0.3, -2.0] * 4, strict=True)
        for zeros in ZEROS
    ]
    check_every_value(cases, ALL_INT8, tmp_path)


def test_leaky_relu_of_every_int16(tmp_path):
    cases = [
        case("LEAKY_RELU", pair, zeros, dtype=DType.INT16, shape=(65536,), alpha=alpha)
        for pair, alpha in zip(random_pairs(6, 4), [0.1, 0.01, 1.5, 0.0, -0.3, -2.0], strict=True)
        for zeros in ((0, 0), (-300, 2000))
    ]
    assert check_every_value(cases, ALL_INT16, tmp_path).instances == 1


@pytest.mark.parametrize("kind", ["LOGISTIC", "TANH"])
def test_sigmoids_of_every_int16(kind, tmp_path):
    """Powers of two, scales that TFLM takes for them, and others up to where the products end."""
    scales = [2.0**-12, 2.0**-11, 2.0**-13, 2.0**-12 * 1.0005, 2.0**-12 * 1.001, 0.0078, 1e-4, 0.3, 2.6, 1e-7]
    cases = [case(kind, (scale, 2.0**-15), dtype=DType.INT16, shape=(65536,)) for scale in scales]
    assert check_every_value(cases, ALL_INT16, tmp_path).instances == 1


def test_reals(tmp_path):
    """On the host both use the same C library: the same bits."""
    cases = [real(kind) for kind in ("ELU", "HARD_SWISH", "LOGISTIC", "TANH")]
    cases += [real("LEAKY_RELU", alpha=alpha) for alpha in (0.2, -0.5, 3.0)]
    edges = [0.0, -0.0, 3.0, -3.0, np.inf, -np.inf, 16.619047, 16.61905, -9.0, -9.000001, 1e-40, 88.8, -104.0]
    values = np.random.default_rng(5).normal(0, 5, 2048)
    values[: len(edges)] = edges
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    inputs = [{0: values.astype(np.float32)}] * len(cases)
    # HARD_SWISH of minus infinity is a NaN whose sign depends on the machine.
    inputs[1] = {0: np.where(np.isneginf(values), -1e3, values).astype(np.float32)}
    compare(library, cases, [inputs])


def test_overlaps_are_exact_at_every_distance(tmp_path):
    cases = [
        case("TANH", (0.02, 1 / 128), shape=(2, 4)),
        case("LOGISTIC", (0.0003, 2.0**-15), dtype=DType.INT16, shape=(5,)),
        case("TANH", (0.0003, 2.0**-15), dtype=DType.INT16, shape=(5,)),
        case("LEAKY_RELU", (0.1, 0.1), dtype=DType.INT16, shape=(5,), alpha=0.5),
    ]
    library = KernelLibrary([item.kernel_case() for item in cases], tmp_path)
    assert all(sweep_overlaps(library, index, item) for index, item in enumerate(cases))


@pytest.mark.parametrize("kind", ["ELU", "HARD_SWISH", "LOGISTIC"])
def test_refuses_other_types(kind):
    dtype = DType.INT32 if kind == "LOGISTIC" else DType.INT16
    refusal = case(kind, (0.1, 0.1), dtype=dtype).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == f"{dtype} to {dtype}"
