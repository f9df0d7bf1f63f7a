"""What convolutions and fully connected layers share: constant int8 weights, requantized per channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.kernels.interface import Constant, ConstantKind, Parameter
from tinygen.numerics.fixed_point import multiply_by_quantized_multiplier
from tinygen.numerics.quantize import activation_range
from tinygen.numerics.requantize import (
    INT32_LIMIT,
    accumulator_bounds,
    accumulator_range,
    channel_multipliers,
    fold_zero_point,
    shrink_constant_channels,
    tensor_multiplier,
)
from tinygen.ops.geometry import Activation

BLOCK = 4
"""Output channels that firmware/kernels/dot_s8.h computes at a time."""

_LARGEST_SHIFT = 30
FAST_LIMIT = 1 << 30
"""Accumulators below it in magnitude suit tg_requantize_down."""


class UnsuitableError(Exception):
    """The op breaks a rule of the kernels; converted to a Refusal by `propose`.

    Args:
        rule: what must hold.
        found: what the op has instead.
    """

    def __init__(self, rule: str, found: str) -> None:
        super().__init__(f"{rule}: {found}")
        self.rule = rule
        self.found = found


@dataclass(frozen=True)
class LinearOp:
    """An op whose outputs are requantized dot products of int8 inputs and constant int8 weights.

    Attributes:
        input, output: activations, int8, quantized per tensor.
        weights: int8, shaped [output channels, taps].
        bias: int64 values in the range of int32, shaped [output channels]; zeros where the op has none.
        scaling: multiplier and shift of each output channel, or a single pair for all of them.
        low, high: range of the outputs after the fused activation.
    """

    input: Tensor
    output: Tensor
    weights: Array
    bias: Array
    scaling: tuple[tuple[int, int], ...]
    low: int
    high: int

    @property
    def input_zero_point(self) -> int:
        """Zero point of the input."""
        assert self.input.quant is not None
        return self.input.quant.zero_point

    @property
    def output_zero_point(self) -> int:
        """Zero point of the output."""
        assert self.output.quant is not None
        return self.output.quant.zero_point

    @cached_property
    def bounds(self) -> Array:
        """Largest magnitude of each channel's accumulator."""
        return accumulator_bounds(self.weights, self.bias, self.input_zero_point)

    @cached_property
    def folded_bias(self) -> Array:
        """The bias with the input's zero point folded in, int64."""
        return fold_zero_point(self.weights, self.bias, self.input_zero_point)

    @cached_property
    def any_scale(self) -> bool:
        """Whether a channel needs tg_requantize; tg_requantize_down serves all others."""
        low, high = accumulator_range(self.weights, self.bias, self.input_zero_point)
        reach = max(int(high.max(initial=0)), -int(low.min(initial=0)))
        return any(shift >= 0 for _, shift in self.scaling) or reach >= FAST_LIMIT

    def outputs(self, accumulators: Array) -> Array:
        """The outputs of accumulators shaped [..., output channels], as int64."""
        multipliers, shifts = zip(*self.scaling, strict=True)
        scaled = multiply_by_quantized_multiplier(accumulators, multipliers, shifts)
        limited: Array = np.clip(scaled + self.output_zero_point, self.low, self.high)
        return limited

    def with_small_biases(self) -> LinearOp:
        """The same outputs with biases that allow tg_requantize_down in channels with a constant output."""
        bias = shrink_constant_channels(
            self.weights, self.bias, self.input_zero_point, self.outputs, FAST_LIMIT
        )
        return replace(self, bias=bias)

    def check_accumulators(self) -> None:
        """Rule out overflow in TFLM's order of summation and in that with a folded zero point.

        Raises:
            UnsuitableError: where some input could make an accumulator leave 32 bits.
        """
        folded = accumulator_bounds(self.weights, self.folded_bias, 0)
        worst = int(max(self.bounds.max(initial=0), folded.max(initial=0)))
        if worst >= INT32_LIMIT:
            raise UnsuitableError("Accumulators fit 32 bits for every input", f"a sum of up to {worst}")

    def constants(self, filter_constant: Constant) -> tuple[Constant, ...]:
        """The filter as the kernel packs it, then bias, multiplier and shift, in the order of the calls."""
        return (
            filter_constant,
            Constant("bias", ConstantKind.WEIGHTS, lambda: self.folded_bias.astype(np.int32)),
            Constant("multiplier", ConstantKind.CONSTANTS, lambda: self._table(0, np.int32)),
            Constant("shift", ConstantKind.CONSTANTS, lambda: self._table(1, np.int8), align=1),
        )

    def _table(self, column: int, dtype: type[np.integer[Any]]) -> Array:
        return np.array([pair[column] for pair in self.scaling], dtype)

    def output_parameters(self) -> tuple[Parameter, ...]:
        """The parameters that tg_output_s8 takes."""
        # The full range, which most layers have, is worth instances that know it: see tg_limit_s8.
        whole = (self.low, self.high) == (-128, 127)
        return (
            Parameter("any_scale", int(self.any_scale)),
            Parameter("output_zero_point", self.output_zero_point, specialize=False),
            Parameter("lo", self.low, specialize=whole),
            Parameter("hi", self.high, specialize=whole),
        )

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights and constants in flash."""
        return self.weights.size + 4 * len(self.bias) + 5 * len(self.scaling)


def _require(condition: bool, rule: str, found: object) -> None:
    if not condition:
        raise UnsuitableError(rule, str(found))


def _activation(tensor: Tensor, role: str) -> Tensor:
    _require(tensor.dtype is DType.INT8, f"The {role} is int8", tensor.dtype)
    quantized = tensor.quant is not None and not tensor.quant.per_channel
    _require(quantized, f"The {role} is quantized per tensor", "no scale or several")
    _require(not tensor.is_constant, f"The {role} is computed", "a constant")
    return tensor


def _bias(tensor: Tensor | None, channels: int) -> Array:
    if tensor is None:
        return np.zeros(channels, np.int64)
    _require(tensor.data is not None, "The bias is constant", "computed")
    _require(tensor.dtype is DType.INT32, "The bias is int32", tensor.dtype)
    assert tensor.data is not None
    _require(tensor.data.size == channels, "The bias has one value per output channel", tensor.shape)
    return tensor.data.reshape(channels).astype(np.int64)


def _weights(tensor: Tensor, channel_axis: int) -> Array:
    _require(tensor.data is not None, "The weights are constant", "computed")
    _require(tensor.dtype is DType.INT8, "The weights are int8", tensor.dtype)
    assert tensor.data is not None
    quant = tensor.quant
    _require(quant is not None, "The weights are quantized", "no scale")
    assert quant is not None
    _require(not any(quant.zero_points), "The weights are symmetric", f"zero points {set(quant.zero_points)}")
    if quant.per_channel:
        axis = quant.axis
        _require(axis == channel_axis, f"Scales of the weights run along axis {channel_axis}", f"axis {axis}")
    channels = tensor.shape[channel_axis]
    return np.moveaxis(tensor.data, channel_axis, 0).reshape(channels, -1)


def _scaling(source: Tensor, weights: Tensor, result: Tensor, channels: int | None) -> list[tuple[int, int]]:
    """One pair per channel, or a single one where `channels` is None and the weights have one scale."""
    assert source.quant is not None
    assert weights.quant is not None
    assert result.quant is not None
    input_scale, output_scale = source.quant.scale, result.quant.scale
    scales = weights.quant.scales
    valid = all(np.isfinite(scale) and scale >= 0 for scale in (input_scale, *scales)) and output_scale > 0
    _require(valid and bool(np.isfinite(output_scale)), "Scales are positive numbers", "another scale")
    if not weights.quant.per_channel and channels is None:
        pairs = [tensor_multiplier(input_scale, scales[0], output_scale)]
    else:
        each = scales if weights.quant.per_channel else scales * (channels or 1)
        pairs = list(channel_multipliers(input_scale, each, output_scale))
    largest = max(shift for _, shift in pairs)
    _require(
        largest <= _LARGEST_SHIFT, f"Outputs are scaled by less than 2**{_LARGEST_SHIFT}", f"2**{largest}"
    )
    return [(multiplier, shift if multiplier else -1) for multiplier, shift in pairs]


def read_linear(
    op: Op, graph: Graph, activation: Activation, *, channel_axis: int, broadcast_scale: bool
) -> LinearOp:
    """Read operands 0 (input), 1 (weights) and 2 (bias, may be left out) of `op`.

    Args:
        op: CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED.
        graph: has the op.
        activation: fused into the op.
        channel_axis: the weights' axis of output channels.
        broadcast_scale: repeat a per-tensor scale for every channel, multiplied in double, as TFLM's
            convolutions do; else one float32 product serves all, as in its FULLY_CONNECTED.

    Raises:
        UnsuitableError: where the op breaks a rule.
    """
    source = _activation(graph.operand(op, 0), "input")
    result = _activation(graph.result(op), "output")
    filters = graph.operand(op, 1)
    weights = _weights(filters, channel_axis)
    channels = weights.shape[0]
    assert result.quant is not None
    scaling = _scaling(source, filters, result, channels if broadcast_scale else None)
    try:
        low, high = activation_range(
            activation.name, result.quant.scale, result.quant.zero_point, np.dtype(np.int8)
        )
    except ValueError as error:
        raise UnsuitableError("The fused activation limits the output's range", str(error)) from error
    found = LinearOp(
        source, result, weights, _bias(graph.optional(op, 2), channels), tuple(scaling), low, high
    )
    found.check_accumulators()
    return found.with_small_biases()


def interleave(weights: Array, groups: int = 1) -> Array:
    """Weights in the order that firmware/kernels/dot_s8.h reads them.

    Args:
        weights: int8, shaped [output channels, taps].
        groups: consecutive runs of output channels that are interleaved apart.

    Returns:
        One-dimensional: per group, blocks of four channels as [taps][4], then the other channels as [taps].
    """
    parts = []
    for group in np.split(weights, groups):
        whole = len(group) // BLOCK * BLOCK
        blocks = group[:whole].reshape(-1, BLOCK, group.shape[1])
        parts += [blocks.transpose(0, 2, 1).ravel(), group[whole:].ravel()]
    return np.concatenate(parts)
