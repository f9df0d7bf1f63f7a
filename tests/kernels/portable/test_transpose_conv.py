"""TRANSPOSE_CONV, portable: against TFLM in every dtype, and at every distance of its overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.support.kernel_runner import KernelLibrary
from tests.support.op_cases import HOST, OpCase, check_against_tflm, constant, sweep_overlaps, tensor
from tinygen.ir import DType, Quantization, Tensor
from tinygen.kernels.interface import Refusal
from tinygen.kernels.portable.transpose_conv import propose
from tinygen.ops.geometry import Padding

SAME, VALID = Padding.SAME.value, Padding.VALID.value
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
INPUT_SCALE, OUTPUT_SCALE = 0.037, 0.041


@dataclass(frozen=True)
class Types:
    """Dtypes of a case.

    Attributes:
        activations, bias: dtypes.
        deviation: of random inputs.
    """

    activations: DType
    bias: DType
    deviation: float

    def activation(self, shape: tuple[int, ...], scale: float, zero_point: int) -> Tensor:
        """An operand; `scale` and `zero_point` are those of int8."""
        if self is FLOAT32:
            return tensor(shape, dtype=DType.FLOAT32)
        if self is INT8:
            return tensor(shape, scale, zero_point)
        return tensor(shape, scale / 256, 0, DType.INT16)

    def weights(
        self, rng: np.random.Generator, shape: tuple[int, ...], per_channel: bool, bias_factor: int
    ) -> Tensor:
        """A random filter, with scales that spread the outputs over half of their range."""
        if self is FLOAT32:
            return constant(rng.uniform(-1, 1, shape), DType.FLOAT32)
        taps = int(np.prod(shape[1:]))
        spread = rng.uniform(0.5, 2, shape[0] if per_channel else 1)
        half = np.iinfo(self.activations.numpy).max / 2
        ratio = OUTPUT_SCALE / INPUT_SCALE * half / (self.deviation * 74 * np.sqrt(taps) * bias_factor)
        scales = tuple(float(np.float32(value)) for value in ratio * spread)
        quant = Quantization(scales, (0,) * len(scales), 0)
        return replace(constant(rng.integers(-127, 128, shape), DType.INT8), quant=quant)

    def biases(self, rng: np.random.Generator, channels: int, taps: int, factor: int) -> Tensor:
        """A random bias, within its dtype."""
        if self is FLOAT32:
            return constant(rng.uniform(-2, 2, channels), DType.FLOAT32)
        reach = min(int(27 * self.deviation * np.sqrt(taps)) * factor, int(np.iinfo(self.bias.numpy).max))
        return constant(rng.integers(-reach, reach, channels, endpoint=True), self.bias)


INT8 = Types(DType.INT8, DType.INT32, 74)
INT16 = Types(DType.INT16, DType.INT64, 18900)
INT16_BIAS16 = Types(DType.INT16, DType.INT16, 18900)
FLOAT32 = Types(DType.FLOAT32, DType.FLOAT32, 1)
ALL_TYPES = (INT8, INT16, INT16_BIAS16, FLOAT32)


def case(
    source: tuple[int, int, int],
    filters: tuple[int, int, int],
    stride: tuple[int, int] = (1, 1),
    padding: int = SAME,
    *,
    types: Types = INT8,
    per_channel: bool = True,
    bias: bool = True,
    activation: int = NONE,
    zero_points: tuple[int, int] = (-9, 6),
    larger: tuple[int, int] = (0, 0),
    known_shape: bool = True,
    bias_factor: int = 1,
    seed: int = 0,
) -> OpCase:
    """An op on [1, h, w, channels] with filters (h, w, output channels).

    The output is the smallest of those whose convolution gives the input's size, and `larger`.
    """
    rng = np.random.default_rng(seed)
    # Valid padding adds what the filter reaches beyond its stride.
    reach = [max(0, filters[i] - stride[i]) if padding == VALID else 0 for i in (0, 1)]
    height, width = (source[i] * stride[i] + reach[i] + larger[i] for i in (0, 1))
    output = (1, height, width, filters[2])
    weights = types.weights(rng, (filters[2], filters[0], filters[1], source[2]), per_channel, bias_factor)
    inputs: list[Tensor] = [
        constant(output) if known_shape else tensor((4,), dtype=DType.INT32),
        weights,
        types.activation((1, *source), INPUT_SCALE, zero_points[0]),
    ]
    if bias:
        inputs.append(types.biases(rng, filters[2], weights.elements // filters[2], bias_factor))
    return OpCase(
        "TRANSPOSE_CONV",
        tuple(inputs),
        types.activation(output, OUTPUT_SCALE, zero_points[1]),
        {
            "padding": padding,
            "stride_h": stride[0],
            "stride_w": stride[1],
            "fused_activation_function": activation,
        },
    )


def _matrix() -> list[OpCase]:
    """Shapes x paddings x dtypes, the other options taking turns."""
    shapes = [
        ((4, 5, 3), (3, 3, 5), (1, 1), (0, 0)),
        ((4, 5, 3), (3, 3, 4), (2, 2), (0, 0)),
        ((3, 4, 5), (2, 4, 9), (2, 2), (1, 1)),
        ((3, 4, 8), (3, 2, 2), (1, 3), (0, 1)),
        ((5, 3, 2), (1, 1, 8), (2, 2), (0, 0)),
        ((2, 3, 4), (5, 7, 6), (3, 2), (2, 0)),
        ((1, 6, 16), (1, 4, 12), (1, 2), (0, 0)),
    ]
    return [
        case(
            *shape,
            padding,
            types=types,
            larger=larger,
            per_channel=types is not FLOAT32 and number % 3 > 0,
            bias=number % 5 > 0,
            activation=number % 4,
            zero_points=((-9, 6), (-128, -128), (127, -60))[number % 3],
            known_shape=number % 2 > 0,
            seed=number,
        )
        for number, ((*shape, larger), padding, types) in enumerate(product(shapes, (SAME, VALID), ALL_TYPES))
    ]


WIDE = [
    case((3, 4, 5), (3, 3, 5), (2, 2), types=INT16, bias_factor=factor, seed=3) for factor in (10**5, 10**7)
]
OVERLAPPING = [
    case(
        (3, 3, 2),
        (2, 2, 4),
        (1, 1),
        types=types,
        per_channel=False,
        larger=(0, 1),
        zero_points=(0, 0),
        seed=n,
    )
    for n, types in enumerate((INT8, INT16, FLOAT32))
] + [
    case((3, 2, 8), (1, 1, 2), (1, 1), types=INT8, seed=5),
    case((4, 3, 6), (2, 2, 1), (1, 1), types=INT8, seed=6),
    case((2, 3, 3), (2, 2, 5), (2, 2), types=INT8, seed=7),
    case((2, 3, 3), (1, 1, 5), (2, 2), types=INT8, seed=8),
]


@pytest.mark.oracle
def test_equals_tflm(tmp_path: Path) -> None:
    library = check_against_tflm([*_matrix(), *WIDE], tmp_path)
    functions = [item.call.function for item in library.cases]
    assert set(functions[: -len(WIDE)]) == {f"tg_transpose_conv_{name}" for name in ("s8", "s16", "f32")}
    assert set(functions[-len(WIDE) :]) == {"tg_transpose_conv_s16_wide"}


def test_overlaps_are_those_that_the_kernel_allows(tmp_path: Path) -> None:
    library = KernelLibrary([item.kernel_case() for item in OVERLAPPING], tmp_path)
    sharing = [sweep_overlaps(library, index, item) for index, item in enumerate(OVERLAPPING)]
    assert all(sharing)


def test_pixels_may_lie_apart(tmp_path: Path) -> None:
    items = [case((3, 4, 5), (3, 3, 6), (2, 2), types=types, per_channel=False) for types in (INT8, INT16)]
    dense = KernelLibrary([item.kernel_case() for item in items], tmp_path)
    apart = KernelLibrary([replace(item.kernel_case(), pitches={2: 7, 4: 8}) for item in items], tmp_path)
    for index, item in enumerate(items):
        inputs = item.random_inputs(np.random.default_rng(index))
        (expected,), (found,) = (library.run(index, inputs).values() for library in (dense, apart))
        np.testing.assert_array_equal(found, expected)


def test_cost_follows_the_work() -> None:
    small, large = (case((n, n, 8), (3, 3, 8), (2, 2)).candidate().cost for n in (6, 12))
    products = 12 * 12 * 8 * 9 * 8
    assert 2 * products < large.instructions < 6 * products
    assert 3 * small.instructions < large.instructions < 5 * small.instructions


def test_refuses_several_images() -> None:
    one = case((3, 4, 5), (3, 3, 6))
    graph = one.graph
    (op,) = graph.ops
    two = replace(graph.tensors[2], shape=(2, 3, 4, 5))
    found = propose((op,), graph.with_tensors([two]), HOST)
    assert isinstance(found, Refusal)
    assert found.rule == "TRANSPOSE_CONV computes one image at a time"
