import numpy as np
import pytest

from tests.support.broadcasts import BROADCASTS, binary
from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import OpCase, check_against_tflm, compare, constant, sweep_overlaps, tensor
from tinygen.ir import DType
from tinygen.kernels.interface import Refusal
from tinygen.ops.comparisons import DTYPES

PAIR = ((5, 7), (5, 7))
INT8_SCALES = [(0.1, 0.1), (0.05, 0.7), (1e-3, 1e-3), (1e-12, 0.3), (0.99999994, 0.5)]


def comparison(kind, shapes, dtype, scales=(None, None), zeros=(0, 0)):
    return binary(kind, shapes, dtype, (*scales, None), (*zeros, 0), result=DType.BOOL)


def quantized(kind, shapes, scales=INT8_SCALES[1], zeros=(3, -7)):
    return comparison(kind, shapes, DType.INT8, scales, zeros)


def few_values(cases, rng):
    """Inputs that are often equal."""
    values = []
    for case in cases:
        dtype = case.inputs[0].dtype.numpy
        low, high = (0, 2) if dtype.kind == "b" else (-2, 3)
        values.append(
            {key: rng.integers(low, high, item.shape).astype(dtype) for key, item in enumerate(case.inputs)}
        )
    return values


@pytest.mark.oracle
@pytest.mark.parametrize("kind", DTYPES)
def test_equals_tflm(kind, tmp_path):
    plain = [dtype for dtype in DTYPES[kind] if dtype is not DType.INT8]
    every = BROADCASTS if kind == "GREATER" else BROADCASTS[::3]
    cases = [comparison(kind, shapes, dtype) for shapes in every for dtype in plain]
    cases += [quantized(kind, shapes) for shapes in every]
    library = check_against_tflm(cases, tmp_path, samples=1)
    rng = np.random.default_rng(0)
    compare(library, cases, [few_values(cases, rng) for _ in range(3)])


@pytest.mark.oracle
def test_every_pair_of_int8_values(tmp_path):
    first, second = np.meshgrid(*[np.arange(-128, 128, dtype=np.int8)] * 2)
    shapes = (first.shape, first.shape)
    cases = [
        quantized(kind, shapes, scales, zeros)
        for kind in ("EQUAL", "LESS", "GREATER_EQUAL")
        for scales in INT8_SCALES
        for zeros in [(0, 0), (-128, 127)]
    ]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_edges_of_float32(tmp_path):
    edges = np.array([0.0, -0.0, 1.0, 1e-45, np.inf, -np.inf, np.nan], np.float32)
    first, second = np.meshgrid(edges, edges)
    cases = [comparison(kind, (first.shape, first.shape), DType.FLOAT32) for kind in DTYPES]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    compare(library, cases, [[{0: first, 1: second}] * len(cases)])


@pytest.mark.oracle
def test_constant_operands(tmp_path):
    cases = []
    for kind, dtypes in DTYPES.items():
        for dtype in dtypes:
            scale = 0.1 if dtype is DType.INT8 else None
            fixed = constant(np.arange(-10, 10).reshape(4, 5) % 3 - 1, dtype, scale)
            moving = tensor((2, 4, 5), scale, dtype=dtype)
            result = tensor((2, 4, 5), dtype=DType.BOOL)
            cases += [OpCase(kind, pair, result) for pair in [(moving, fixed), (fixed, moving)]]
    library = check_against_tflm(cases, tmp_path, samples=1)
    assert library.instances < len(cases)


@pytest.mark.parametrize("dtype", DTYPES["EQUAL"], ids=str)
def test_overlaps_are_exact_at_every_distance(dtype, tmp_path):
    """A result over the low byte of a wider element hardly ever changes how that compares."""
    pairs = [((5,), (5,)), ((2, 3), (3,)), ((2, 3), (2, 1))]
    scales = (0.1, 0.1) if dtype is DType.INT8 else (None, None)
    kind = "NOT_EQUAL" if dtype is DType.BOOL else "LESS"
    cases = [comparison(kind, pair, dtype, scales) for pair in pairs]
    library = KernelLibrary([case.kernel_case() for case in cases], tmp_path)
    for index, case in enumerate(cases):
        assert sweep_overlaps(library, index, case, exact=dtype.bytes == 1, tries=150) > 0


def test_refuses_other_dtypes():
    refusal = comparison("GREATER", PAIR, DType.INT16).proposal()
    assert isinstance(refusal, Refusal)
    assert refusal.found == "int16 and int16 to bool"
    unlike = OpCase(
        "EQUAL",
        (tensor((2,), dtype=DType.INT32), tensor((2,), dtype=DType.INT64)),
        tensor((2,), dtype=DType.BOOL),
    )
    assert isinstance(unlike.proposal(), Refusal)
