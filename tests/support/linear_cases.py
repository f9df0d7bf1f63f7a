"""Cases of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED: as a graph, in a .tflite file and in numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tests.support.kernel_runner import KernelCase, KernelLibrary, check_overlaps
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import Array, Attributes, DType, Graph, Op, Quantization, Tensor
from tinygen.kernels.interface import Candidate, Family, Refusal
from tinygen.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    multiply_int64_by_quantized_multiplier,
    quantize_multiplier,
    reduce_multiplier,
)
from tinygen.numerics.quantize import activation_range, plain_activation_range
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.ops.geometry import Activation, Padding, Pads, output_size, resolve_pads
from tinygen.oracle.tflm import TflmOracle
from tinygen.target import Compiler, Target

INPUT, FILTER, BIAS, OUTPUT = range(4)
"""Tensor ids of a case's graph."""

_INT32 = 2
"""`TensorType.INT32`."""

_INPUT_SCALE = 0.037
_OUTPUT_SCALE = 0.041


@dataclass(frozen=True)
class Types:
    """Dtypes of a case.

    Attributes:
        activations, weights, bias: dtypes.
        finer: what int8 scales of activations are divided by.
        largest: magnitude of the weights.
    """

    activations: DType
    weights: DType
    bias: DType
    finer: int = 1
    largest: int = 127

    @property
    def rounds_once(self) -> bool:
        """Whether TFLM sums in 64 bits."""
        return self.activations is DType.INT16 and self.bias is not DType.INT32


INT8 = Types(DType.INT8, DType.INT8, DType.INT32)
INT4 = Types(DType.INT8, DType.INT4, DType.INT32, largest=7)
INT16 = Types(DType.INT16, DType.INT8, DType.INT64, finer=256)
INT16_BIAS32 = Types(DType.INT16, DType.INT8, DType.INT32, finer=256)
INT16_BIAS16 = Types(DType.INT16, DType.INT8, DType.INT16, finer=256)
FLOAT32 = Types(DType.FLOAT32, DType.FLOAT32, DType.FLOAT32)
_NAMES = {INT4: ["int4"], INT16: ["int16"], INT16_BIAS32: ["int16bias32"], FLOAT32: ["float"]}


@dataclass(frozen=True)
class LinearCase:
    """One op with random weights.

    Attributes:
        kind: of the op.
        input: its shape.
        filter: its shape in TFLite's layout: OHWI, 1HWC or [out, in].
        stride, dilation: (height, width).
        padding: scheme or pads; explicit pads exist in graphs only, not in files.
        activation: fused.
        per_channel: one scale per output channel.
        bias: whether there is one.
        zero_points: of input and output; int16 has none.
        gain: factor on the output, 1 spreads it over most of its range.
        seed: of weights and inputs.
        types: dtypes.
        large_bias: factor on the bias.
    """

    kind: str
    input: tuple[int, ...]
    filter: tuple[int, ...]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding | Pads = Padding.VALID
    activation: Activation = Activation.NONE
    per_channel: bool = True
    bias: bool = True
    zero_points: tuple[int, int] = (-5, 9)
    gain: float = 1.0
    seed: int = 0
    types: Types = INT8
    large_bias: int = 1

    def __post_init__(self) -> None:
        if self.types.activations is not DType.INT8:
            object.__setattr__(self, "zero_points", (0, 0))

    def __str__(self) -> str:
        parts = [self.kind.lower(), "x".join(map(str, self.input)), "x".join(map(str, self.filter))]
        if self.kind != "FULLY_CONNECTED":
            parts += [f"s{self.stride[0]}{self.stride[1]}", f"d{self.dilation[0]}{self.dilation[1]}"]
            parts.append(str(self.padding))
        parts += [self.activation.name, "channel" if self.per_channel else "tensor"]
        parts += _NAMES.get(self.types, [])
        return "-".join([*parts, *([] if self.bias else ["nobias"])])

    @property
    def channel_axis(self) -> int:
        """The filter's axis of output channels."""
        return 3 if self.kind == "DEPTHWISE_CONV_2D" else 0

    @property
    def channels(self) -> int:
        """Output channels."""
        return self.filter[self.channel_axis]

    @property
    def pads(self) -> Pads:
        """Padding as numbers."""
        return resolve_pads(self.padding, self._input_hw, self._filter_hw, self.stride, self.dilation)

    @property
    def _input_hw(self) -> tuple[int, int]:
        return self.input[1], self.input[2]

    @property
    def _filter_hw(self) -> tuple[int, int]:
        return self.filter[1], self.filter[2]

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the output."""
        if self.kind == "FULLY_CONNECTED":
            return (int(np.prod(self.input)) // self.filter[1], self.filter[0])
        size = output_size(self.padding, self._input_hw, self._filter_hw, self.stride, self.dilation)
        return (self.input[0], *size, self.channels)

    @property
    def _taps(self) -> int:
        return int(np.prod(self.filter)) // self.channels

    @property
    def is_float(self) -> bool:
        """Whether all is float32."""
        return self.types is FLOAT32

    @cached_property
    def weights(self) -> Array:
        """In TFLite's layout."""
        if self.is_float:
            return self._random(1).uniform(-1, 1, self.filter).astype(np.float32)
        most = self.types.largest
        return self._random(1).integers(-most, most + 1, self.filter).astype(np.int8)

    @cached_property
    def biases(self) -> Array:
        """One per output channel."""
        if self.is_float:
            return self._random(2).uniform(-1, 1, self.channels).astype(np.float32)
        reach = int(40 * np.sqrt(self._taps) * 30 * self.types.finer) * self.large_bias
        limit = np.iinfo(self.types.bias.numpy).max
        reach = min(reach, int(limit))
        return self._random(2).integers(-reach, reach + 1, self.channels).astype(self.types.bias.numpy)

    @property
    def input_scale(self) -> float:
        """Scale of the input."""
        return _float32(_INPUT_SCALE / self.types.finer)

    @property
    def output_scale(self) -> float:
        """Scale of the output."""
        return _float32(_OUTPUT_SCALE / self.types.finer)

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """float32 scales of the weights: one, or one per channel."""
        deviation = self.types.largest * 0.58 * 73 * np.sqrt(self._taps)
        count = self.channels if self.per_channel else 1
        spread = self._random(3).uniform(0.5, 2.0, count)
        return tuple(map(_float32, _OUTPUT_SCALE * 50 / (_INPUT_SCALE * deviation) * spread * self.gain))

    def _random(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream])

    def sample(self, seed: int = 0) -> Array:
        """A random input."""
        if self.is_float:
            return self._random(10 + seed).uniform(-3, 3, self.input).astype(np.float32)
        dtype = self.types.activations.numpy
        info = np.iinfo(dtype)
        return self._random(10 + seed).integers(info.min, int(info.max) + 1, self.input).astype(dtype)

    @property
    def attributes(self) -> Attributes:
        """The op's attributes."""
        int32_sums = self.types is INT16_BIAS32
        if self.kind == "FULLY_CONNECTED":
            return FullyConnectedAttributes(self.activation, int32_sums=int32_sums)
        geometry = (*self.stride, *self.dilation, self.padding, self.activation)
        if self.kind == "CONV_2D":
            return Conv2DAttributes(*geometry, int32_sums)
        return DepthwiseConv2DAttributes(*geometry, depth_multiplier=self.channels // self.input[3])

    @property
    def graph(self) -> Graph:
        """The op by itself."""
        weights: Quantization | None
        source: Quantization | None
        result: Quantization | None
        axis = self.channel_axis
        weights = Quantization(self.scales, (0,) * len(self.scales), axis)
        source = Quantization((self.input_scale,), self.zero_points[:1])
        result = Quantization((self.output_scale,), self.zero_points[1:])
        if self.is_float:
            weights = source = result = None
        types = self.types
        tensors = [
            Tensor(INPUT, "input", self.input, types.activations, source),
            Tensor(FILTER, "filter", self.filter, types.weights, weights, data=self.weights),
            Tensor(OUTPUT, "output", self.output, types.activations, result),
        ]
        if self.bias:
            tensors.append(Tensor(BIAS, "bias", (self.channels,), types.bias, data=self.biases))
        op = Op(0, self.kind, (INPUT, FILTER, BIAS if self.bias else None), (OUTPUT,), self.attributes, (0,))
        return Graph("case", {tensor.id: tensor for tensor in tensors}, (op,), (INPUT,), (OUTPUT,))

    def write(self, writer: ModelWriter) -> int:
        """Add the op with its own input to a model under construction; the index of its output."""
        types = self.types
        source = writer.input("input", self.input, types.activations, **self._quantization(0))
        scales = () if self.is_float else self.scales
        filters = writer.constant("filter", self.weights, types.weights, scales, (), self.channel_axis)
        operands = [source, filters]
        if self.bias:
            bias_scales = [self.input_scale * scale for scale in scales]
            operands.append(writer.constant("bias", self.biases, types.bias, bias_scales))
        result = writer.tensor("output", self.output, types.activations, **self._quantization(1))
        writer.op(self.kind, operands, [result], self._options())
        return result

    def _quantization(self, which: int) -> dict[str, Any]:
        """Of input 0 or output 1, for the writer."""
        if self.is_float:
            return {}
        scales = (self.input_scale, self.output_scale)
        return {"scales": scales[which], "zero_points": self.zero_points[which]}

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"fused_activation_function": self.activation.name}
        if self.types is INT16_BIAS32:
            options["quantized_bias_type"] = _INT32
        if self.kind == "FULLY_CONNECTED":
            return options
        assert isinstance(self.padding, Padding)
        options |= {"padding": self.padding.name, "stride_h": self.stride[0], "stride_w": self.stride[1]}
        options |= {"dilation_h_factor": self.dilation[0], "dilation_w_factor": self.dilation[1]}
        if self.kind == "DEPTHWISE_CONV_2D":
            options["depth_multiplier"] = self.channels // self.input[3]
        return options

    def reference(self, sample: Array) -> Array:
        """The output in numpy, as TFLM's reference kernels compute it."""
        centred = sample if self.is_float else sample.astype(np.int64) - self.zero_points[0]
        accumulators = self._fully_connected(centred) if len(self.filter) == 2 else self._convolve(centred)
        if self.bias:
            accumulators = accumulators + self.biases
        if self.is_float:
            limits = plain_activation_range(self.activation.name, np.float32)
            return np.clip(accumulators, *limits).astype(np.float32).reshape(self.output)
        scaled = self._scaled(accumulators) + self.zero_points[1]
        dtype = self.types.activations.numpy
        low, high = activation_range(self.activation.name, self.output_scale, self.zero_points[1], dtype)
        return np.clip(scaled, low, high).astype(dtype).reshape(self.output)

    def _scaled(self, accumulators: Array) -> Array:
        multipliers, shifts = zip(*(quantize_multiplier(real) for real in self._factors()), strict=True)
        if not self.types.rounds_once:
            return multiply_by_quantized_multiplier(accumulators, multipliers, shifts)
        reduced = [reduce_multiplier(item) for item in multipliers]
        return multiply_int64_by_quantized_multiplier(accumulators, reduced, shifts)

    def _factors(self) -> list[float]:
        if self.kind == "FULLY_CONNECTED" and not self.per_channel:
            product = np.float32(self.input_scale) * np.float32(self.scales[0])
            return [float(product) / self.output_scale]
        return [self.input_scale * scale / self.output_scale for scale in self.scales]

    def _dot(self, values: Array, weights: Array) -> Array:
        """Products of [..., n] and [channels, n], summed; floats one after the other."""
        if not self.is_float:
            return values @ weights.astype(np.int64).T
        total = np.zeros((*values.shape[:-1], len(weights)), np.float32)
        for index in range(values.shape[-1]):
            total += values[..., index, None] * weights[:, index]
        return total

    def _fully_connected(self, centred: Array) -> Array:
        return self._dot(centred.reshape(-1, self.filter[1]), self.weights)

    def _convolve(self, centred: Array) -> Array:
        """Windows of the padded input; grouped convolutions group by group, depthwise ones as groups of 1."""
        pads = self.pads
        _, rows, columns, _ = self.output
        reach = [self.stride[i] * (rows, columns)[i] + self.dilation[i] * self._filter_hw[i] for i in (0, 1)]
        image = np.pad(centred[0], ((pads.top, reach[0]), (pads.left, reach[1]), (0, 0)))
        taps = []
        for ky in range(self._filter_hw[0]):
            for kx in range(self._filter_hw[1]):
                tap = image[ky * self.dilation[0] :, kx * self.dilation[1] :]
                taps.append(tap[:: self.stride[0], :: self.stride[1]][:rows, :columns])
        windows = np.stack(taps, axis=2)
        weights = np.moveaxis(self.weights, self.channel_axis, 0)
        if self.kind == "DEPTHWISE_CONV_2D":
            weights = weights.reshape(self.channels, -1, 1)
        groups = self.input[3] // weights.shape[-1]
        parts = zip(np.split(windows, groups, axis=3), np.split(weights, groups), strict=True)
        sums = [
            self._dot(part.reshape(rows, columns, -1), group.reshape(len(group), -1)) for part, group in parts
        ]
        return np.concatenate(sums, axis=2)[None]


def _float32(value: float) -> float:
    return float(np.float32(value))


def tflm_model(cases: Sequence[LinearCase]) -> bytes:
    """A model with every case side by side: input and output number i are those of case i."""
    writer = ModelWriter()
    return writer.finish([case.write(writer) for case in cases])


HOST = Target("native", "host", frozenset(), (), Compiler(("",)))
"""A target without features."""


def candidate(propose: Family, graph: Graph) -> Candidate:
    """The only candidate of a family for the only op of a graph."""
    proposal = propose(graph.ops, graph, HOST)
    assert not isinstance(proposal, Refusal), proposal
    (found,) = proposal
    return found


def refusal(propose: Family, graph: Graph) -> Refusal:
    """The refusal of a family for the only op of a graph."""
    proposal = propose(graph.ops, graph, HOST)
    assert isinstance(proposal, Refusal), proposal
    return proposal


def compile_cases(
    propose: Family,
    cases: Sequence[LinearCase],
    folder: Path,
    pitches: Mapping[int, int] = MappingProxyType({}),
) -> KernelLibrary:
    """All cases in one library, in this order; `pitches` by tensor id hold for each."""
    return KernelLibrary(
        [KernelCase(case.graph, candidate(propose, case.graph), pitches) for case in cases], folder
    )


def assert_equals_numpy(compiled: KernelLibrary, cases: Sequence[LinearCase]) -> None:
    """Each case gives what `reference` gives; unless there are few, outputs differ."""
    for number, case in enumerate(cases):
        sample = case.sample()
        found = compiled.run(number, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, case.reference(sample), err_msg=str(case))
        assert found.size < 16 or case.gain < 1 or len(np.unique(found)) > 1, case


def assert_equals_tflm(compiled: KernelLibrary, cases: Sequence[LinearCase]) -> None:
    """Each case gives what TensorFlow Lite Micro gives for a model of all cases."""
    samples = [case.sample(1) for case in cases]
    (run,) = TflmOracle(tflm_model(cases)).run([samples], [])
    for number, (case, sample, expected) in enumerate(zip(cases, samples, run.outputs, strict=True)):
        found = compiled.run(number, {INPUT: sample})[OUTPUT]
        np.testing.assert_array_equal(found, expected, err_msg=str(case))


def assert_overlaps(compiled: KernelLibrary, cases: Sequence[LinearCase]) -> None:
    """Each case is right at the ends of its overlap's intervals and wrong one byte further."""
    tried = 0
    for number, case in enumerate(cases):
        samples = [{INPUT: case.sample(seed)} for seed in range(12)]
        tried += check_overlaps(compiled, number, samples[0], exact=samples)
    assert tried >= len(cases)
