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
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.ops.conv_2d import Conv2DAttributes
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2DAttributes
from tinygen.ops.fully_connected import FullyConnectedAttributes
from tinygen.ops.geometry import Activation, Padding, Pads, output_size, resolve_pads
from tinygen.oracle.tflm import TflmOracle
from tinygen.target import Compiler, Target

INPUT, FILTER, BIAS, OUTPUT = range(4)
"""Tensor ids of a case's graph."""

_INPUT_SCALE = 0.037
_OUTPUT_SCALE = 0.041


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
        zero_points: of input and output.
        gain: factor on the output, 1 spreads it over most of its range.
        seed: of weights and inputs.
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

    def __str__(self) -> str:
        parts = [self.kind.lower(), "x".join(map(str, self.input)), "x".join(map(str, self.filter))]
        if self.kind != "FULLY_CONNECTED":
            parts += [f"s{self.stride[0]}{self.stride[1]}", f"d{self.dilation[0]}{self.dilation[1]}"]
            parts.append(str(self.padding))
        parts += [self.activation.name, "channel" if self.per_channel else "tensor"]
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

    @cached_property
    def weights(self) -> Array:
        """int8, in TFLite's layout."""
        return self._random(1).integers(-127, 128, self.filter).astype(np.int8)

    @cached_property
    def biases(self) -> Array:
        """int32, one per output channel."""
        reach = int(40 * np.sqrt(self._taps) * 30)
        return self._random(2).integers(-reach, reach + 1, self.channels).astype(np.int32)

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """float32 scales of the weights: one, or one per channel."""
        deviation = 74 * 73 * np.sqrt(self._taps)
        count = self.channels if self.per_channel else 1
        spread = self._random(3).uniform(0.5, 2.0, count)
        return tuple(map(_float32, _OUTPUT_SCALE * 50 / (_INPUT_SCALE * deviation) * spread * self.gain))

    def _random(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream])

    def sample(self, seed: int = 0) -> Array:
        """A random input."""
        return self._random(10 + seed).integers(-128, 128, self.input).astype(np.int8)

    @property
    def attributes(self) -> Attributes:
        """The op's attributes."""
        if self.kind == "FULLY_CONNECTED":
            return FullyConnectedAttributes(self.activation)
        geometry = (*self.stride, *self.dilation, self.padding, self.activation)
        if self.kind == "CONV_2D":
            return Conv2DAttributes(*geometry)
        return DepthwiseConv2DAttributes(*geometry, depth_multiplier=self.channels // self.input[3])

    @property
    def graph(self) -> Graph:
        """The op by itself."""
        axis = self.channel_axis
        zeros = (0,) * len(self.scales)
        tensors = [
            _activation(INPUT, "input", self.input, _INPUT_SCALE, self.zero_points[0]),
            Tensor(
                FILTER,
                "filter",
                self.filter,
                DType.INT8,
                Quantization(self.scales, zeros, axis),
                data=self.weights,
            ),
            _activation(OUTPUT, "output", self.output, _OUTPUT_SCALE, self.zero_points[1]),
        ]
        if self.bias:
            tensors.append(Tensor(BIAS, "bias", (self.channels,), DType.INT32, data=self.biases))
        op = Op(0, self.kind, (INPUT, FILTER, BIAS if self.bias else None), (OUTPUT,), self.attributes, (0,))
        return Graph("case", {tensor.id: tensor for tensor in tensors}, (op,), (INPUT,), (OUTPUT,))

    def write(self, writer: ModelWriter) -> int:
        """Add the op with its own input to a model under construction; the index of its output."""
        source = writer.input(
            "input", self.input, scales=_float32(_INPUT_SCALE), zero_points=self.zero_points[0]
        )
        filters = writer.constant("filter", self.weights, DType.INT8, self.scales, (), self.channel_axis)
        bias_scales = [_float32(_INPUT_SCALE) * scale for scale in self.scales]
        operands = [source, filters]
        if self.bias:
            operands.append(writer.constant("bias", self.biases, DType.INT32, bias_scales))
        result = writer.tensor(
            "output", self.output, scales=_float32(_OUTPUT_SCALE), zero_points=self.zero_points[1]
        )
        writer.op(self.kind, operands, [result], self._options())
        return result

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"fused_activation_function": self.activation.name}
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
        centred = sample.astype(np.int64) - self.zero_points[0]
        accumulators = self._fully_connected(centred) if len(self.filter) == 2 else self._convolve(centred)
        if self.bias:
            accumulators = accumulators + self.biases
        multipliers, shifts = zip(*(quantize_multiplier(real) for real in self._factors()), strict=True)
        scaled = multiply_by_quantized_multiplier(accumulators, multipliers, shifts) + self.zero_points[1]
        low, high = activation_range(
            self.activation.name, _float32(_OUTPUT_SCALE), self.zero_points[1], np.int8
        )
        return np.clip(scaled, low, high).astype(np.int8).reshape(self.output)

    def _factors(self) -> list[float]:
        return [_float32(_INPUT_SCALE) * scale / _float32(_OUTPUT_SCALE) for scale in self.scales]

    def _fully_connected(self, centred: Array) -> Array:
        return centred.reshape(-1, self.filter[1]) @ self.weights.astype(np.int64).T

    def _convolve(self, centred: Array) -> Array:
        """Tap by tap over the padded input; grouped convolutions group by group."""
        pads = self.pads
        _, rows, columns, channels = self.output
        reach = (self.stride[0] * rows + self.dilation[0] * self.filter[1], self.stride[1] * columns)
        reach = (reach[0], reach[1] + self.dilation[1] * self.filter[2])
        image = np.pad(centred[0], ((pads.top, reach[0]), (pads.left, reach[1]), (0, 0)))
        sums = np.zeros((rows, columns, channels), np.int64)
        for ky in range(self.filter[1]):
            for kx in range(self.filter[2]):
                top, left = ky * self.dilation[0], kx * self.dilation[1]
                tap = image[top :: self.stride[0], left :: self.stride[1]][:rows, :columns]
                sums += self._products(tap, ky, kx)
        return sums[None]

    def _products(self, tap: Array, ky: int, kx: int) -> Array:
        weights = self.weights[:, ky, kx].astype(np.int64)
        if self.kind == "DEPTHWISE_CONV_2D":
            return np.repeat(tap, self.channels // self.input[3], axis=2) * weights[0]
        groups = self.input[3] // self.filter[3]
        parts = zip(np.split(tap, groups, axis=2), np.split(weights, groups), strict=True)
        return np.concatenate([part @ group.T for part, group in parts], axis=2)


def _float32(value: float) -> float:
    return float(np.float32(value))


def _activation(key: int, name: str, shape: Sequence[int], scale: float, zero_point: int) -> Tensor:
    return Tensor(key, name, tuple(shape), DType.INT8, Quantization((_float32(scale),), (zero_point,)))


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
