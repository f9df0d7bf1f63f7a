"""Convolutions and fully connected layers of int8 and int16, requantized per output channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tinygen.ir import Array, DType
from tinygen.kernels.interface import Constant, ConstantKind, Parameter
from tinygen.kernels.linear import Arithmetic, Layer, LinearOp, UnsuitableError, require
from tinygen.numerics.fixed_point import (
    multiply_by_quantized_multiplier,
    multiply_int64_by_quantized_multiplier,
    reduce_multiplier,
)
from tinygen.numerics.quantize import activation_range
from tinygen.numerics.requantize import (
    INT32_LIMIT,
    INT64_LIMIT,
    Limits,
    accumulator_bounds,
    accumulator_range,
    channel_multipliers,
    fold_zero_point,
    shrink_constant_channels,
    tensor_multiplier,
)

FAST_LIMIT = 1 << 30
"""Accumulators below it in magnitude suit tg_requantize_down."""

_LARGEST_SHIFT = {True: 7, False: 30}
"""To the left, of a requantization with one rounding and with two."""

_FAST_SHIFT = {True: -2, False: -1}
"""The largest that suits tg_requantize_once_down and tg_requantize_down."""


@dataclass(frozen=True)
class IntegerLinear(LinearOp):
    """Sums of integer products, requantized.

    Attributes:
        bias: int64, shaped [output channels]; zeros where the op has none.
        scaling: multiplier and shift of each output channel, or a single pair for all of them.
        low, high: range of the outputs after the fused activation.
        folded: store the bias with the input's zero point folded in over all taps.
    """

    bias: Array
    scaling: tuple[tuple[int, int], ...]
    low: int
    high: int
    folded: bool

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

    @property
    def limits(self) -> Limits:
        """Of the inputs."""
        info = np.iinfo(self.input.dtype.numpy)
        return int(info.min), int(info.max)

    @cached_property
    def folded_bias(self) -> Array:
        """The bias with the input's zero point folded in, int64."""
        return fold_zero_point(self.weights, self.bias, self.input_zero_point)

    @cached_property
    def reach(self) -> int:
        """Largest magnitude of an accumulator, in TFLM's order of summation and with a folded zero point."""
        plain = accumulator_bounds(self.weights, self.bias, self.input_zero_point, self.limits)
        folded = accumulator_bounds(self.weights, self.folded_bias, 0, self.limits)
        return int(max(plain.max(initial=0), folded.max(initial=0)))

    @cached_property
    def any_scale(self) -> bool:
        """Whether a channel needs the general requantization; the faster one serves all others."""
        once = self.arithmetic.rounds_once
        if self.arithmetic is Arithmetic.S16_WIDE:
            return True
        if any(shift > _FAST_SHIFT[once] for _, shift in self.scaling):
            return True
        low, high = accumulator_range(self.weights, self.bias, self.input_zero_point, self.limits)
        return not once and max(int(high.max(initial=0)), -int(low.min(initial=0))) >= FAST_LIMIT

    def outputs(self, accumulators: Array) -> Array:
        """The outputs of accumulators shaped [..., output channels], as int64."""
        multipliers, shifts = zip(*self.scaling, strict=True)
        if self.arithmetic.rounds_once:
            scaled = multiply_int64_by_quantized_multiplier(accumulators, multipliers, shifts)
        else:
            scaled = multiply_by_quantized_multiplier(accumulators, multipliers, shifts)
        limited: Array = np.clip(scaled + self.output_zero_point, self.low, self.high)
        return limited

    def with_small_biases(self) -> IntegerLinear:
        """The same outputs with biases that allow tg_requantize_down in channels with a constant output."""
        if self.arithmetic.rounds_once:
            return self
        bias = shrink_constant_channels(
            self.weights, self.bias, self.input_zero_point, self.outputs, FAST_LIMIT, self.limits
        )
        return replace(self, bias=bias)

    @property
    def tables(self) -> tuple[Constant, ...]:
        """Bias, multiplier and shift."""
        dtype = np.int64 if self.arithmetic is Arithmetic.S16_WIDE else np.int32
        bias = self.folded_bias if self.folded else self.bias
        return (
            Constant("bias", ConstantKind.WEIGHTS, lambda: bias.astype(dtype)),
            Constant("multiplier", ConstantKind.CONSTANTS, lambda: self._table(0, np.int32)),
            Constant("shift", ConstantKind.CONSTANTS, lambda: self._table(1, np.int8), align=1),
        )

    def _table(self, column: int, dtype: type[np.integer[Any]]) -> Array:
        return np.array([pair[column] for pair in self.scaling], dtype)

    def output_parameters(self) -> tuple[Parameter, ...]:
        """The requantization's."""
        info = np.iinfo(self.output.dtype.numpy)
        # The full range, which most layers have, is worth instances that know it: see tg_limit_s8.
        whole = (self.low, self.high) == (info.min, info.max)
        return (
            Parameter("any_scale", int(self.any_scale)),
            Parameter("output_zero_point", self.output_zero_point, specialize=False),
            Parameter("lo", self.low, specialize=whole),
            Parameter("hi", self.high, specialize=whole),
        )

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights and tables in flash."""
        weights = self.weights.size // (2 if self.arithmetic is Arithmetic.S8_S4 else 1)
        bias = 8 if self.arithmetic is Arithmetic.S16_WIDE else 4
        return weights + bias * len(self.bias) + 5 * len(self.scaling)


def _check_quantization(layer: Layer) -> None:
    for tensor, role in ((layer.input, "input"), (layer.output, "output")):
        quant = tensor.quant
        whole = quant is not None and not quant.per_channel
        require(whole, f"The {role} is quantized per tensor", "no scale or several")
        assert quant is not None
        if tensor.dtype is DType.INT16:
            require(quant.zero_point == 0, f"The {role}'s zero point is 0", quant.zero_point)
    quant = layer.filter.quant
    require(quant is not None, "The weights are quantized", "no scale")
    assert quant is not None
    require(not any(quant.zero_points), "The weights are symmetric", f"zero points {set(quant.zero_points)}")
    if quant.per_channel:
        rule = f"Scales of the weights run along axis {layer.channel_axis}"
        require(quant.axis == layer.channel_axis, rule, f"axis {quant.axis}")


def _scaling(layer: Layer) -> Sequence[tuple[int, int]]:
    """One pair per channel, or a single one for all.

    TFLM's convolutions multiply a per-tensor scale in double and repeat it for every channel; see also
    `tensor_multiplier`.
    """
    source, weights, result = layer.input.quant, layer.filter.quant, layer.output.quant
    assert source is not None
    assert weights is not None
    assert result is not None
    scales = weights.scales
    valid = all(np.isfinite(scale) and scale >= 0 for scale in (source.scale, *scales)) and result.scale > 0
    require(valid and bool(np.isfinite(result.scale)), "Scales are positive numbers", "another scale")
    if weights.per_channel:
        return channel_multipliers(source.scale, scales, result.scale)
    if layer.broadcast_scale:
        channels = layer.filter.shape[layer.channel_axis]
        return channel_multipliers(source.scale, scales * channels, result.scale)
    return [tensor_multiplier(source.scale, scales[0], result.scale)]


def _stored_scaling(pairs: Sequence[tuple[int, int]], *, once: bool) -> tuple[tuple[int, int], ...]:
    """The pairs as the kernels take them, the shift of a multiplier of 0 being one that suits all kernels."""
    largest, limit = max(shift for _, shift in pairs), _LARGEST_SHIFT[once]
    require(largest <= limit, f"Outputs are scaled by less than 2**{limit}", f"2**{largest}")
    return tuple(
        (reduce_multiplier(multiplier) if once else multiplier, shift if multiplier else _FAST_SHIFT[once])
        for multiplier, shift in pairs
    )


def _fitted(found: IntegerLinear) -> IntegerLinear:
    """`found` with accumulators that no input makes overflow.

    Raises:
        UnsuitableError: where TFLM's could.
    """
    if not found.arithmetic.rounds_once:
        fits = found.reach < INT32_LIMIT
        require(fits, "Accumulators fit 32 bits for every input", f"a sum of up to {found.reach}")
        return found.with_small_biases()
    require(
        found.reach < INT64_LIMIT, "Accumulators fit 48 bits for every input", f"a sum of up to {found.reach}"
    )
    narrow = found.reach < INT32_LIMIT
    return replace(found, arithmetic=Arithmetic.S16 if narrow else Arithmetic.S16_WIDE)


def read_integer(layer: Layer) -> IntegerLinear:
    """A layer of int8 or int16.

    Raises:
        UnsuitableError: where it breaks a rule.
    """
    layer.check_activations()
    _check_quantization(layer)
    if layer.input.dtype is DType.INT8:
        weights, biases = layer.weights(DType.INT8, DType.INT4), layer.biases(DType.INT32)
        arithmetic = Arithmetic.S8_S4 if layer.filter.dtype is DType.INT4 else Arithmetic.S8
    else:
        weights, biases = layer.weights(DType.INT8), layer.biases(*layer.wide_biases)
        arithmetic = Arithmetic.S16_BIAS32 if biases.dtype == np.int32 else Arithmetic.S16
    result = layer.output
    assert result.quant is not None
    try:
        low, high = activation_range(
            layer.activation.name, result.quant.scale, result.quant.zero_point, result.dtype.numpy
        )
    except ValueError as error:
        raise UnsuitableError("The fused activation limits the output's range", str(error)) from error
    scaling = _stored_scaling(_scaling(layer), once=arithmetic.rounds_once)
    return _fitted(
        IntegerLinear(
            layer.input,
            result,
            weights,
            arithmetic,
            biases.astype(np.int64),
            scaling,
            low,
            high,
            layer.folded,
        )
    )
