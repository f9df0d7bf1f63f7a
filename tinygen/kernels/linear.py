"""What convolutions and fully connected layers share: weighted sums by constant weights."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, DType, Op, Tensor
from tinygen.kernels.interface import (
    Argument,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Parameter,
    Proposal,
    Refusal,
    Region,
    TensorPointer,
)
from tinygen.ops.geometry import Activation

BLOCK = 4
"""Output channels that firmware/kernels/linear.h computes at a time."""


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


def require(condition: bool, rule: str, found: object) -> None:
    """Check a rule.

    Raises:
        UnsuitableError: where `condition` does not hold.
    """
    if not condition:
        raise UnsuitableError(rule, str(found))


def propose_one(candidate: Callable[[Op], Candidate], region: Region) -> Proposal:
    """What a family answers that has one candidate for one op, or cannot make it."""
    (op,) = region
    try:
        return [candidate(op)]
    except UnsuitableError as error:
        return Refusal("portable", error.rule, error.found)


class Arithmetic(enum.Enum):
    """Types of activations, weights and accumulators; values are how the names of the C templates end.

    See the enumeration in firmware/kernels/linear.h.
    """

    S8 = "s8"
    S8_S4 = "s8_s4"
    S16_BIAS32 = "s16_bias32"
    S16 = "s16"
    S16_WIDE = "s16_wide"
    F32 = "f32"

    @property
    def rounds_once(self) -> bool:
        """Whether TFLM sums in 64 bits, from where it requantizes with one rounding."""
        return self in (Arithmetic.S16, Arithmetic.S16_WIDE)

    @property
    def effort(self) -> float:
        """Instructions of a product on a Cortex-M4F, in those of one of int8."""
        return {Arithmetic.S8_S4: 1.6, Arithmetic.S16_WIDE: 1.5, Arithmetic.F32: 1.4}.get(self, 1.0)


@dataclass(frozen=True)
class Layer:
    """A convolution or fully connected layer as the model has it.

    Attributes:
        input, filter, output: tensors.
        bias: tensor, or None where it is left out.
        activation: fused.
        channel_axis: the filter's axis of output channels.
        broadcast_scale: repeat a per-tensor scale of the filter for every channel.
        wide_biases: dtypes of a bias that int16 activations may have, the first being that of one left out.
            TFLM sums in 32 bits with a bias of int32, with all others in 64.
        folded: store the bias with the input's zero point folded in over all taps.
    """

    input: Tensor
    filter: Tensor
    bias: Tensor | None
    output: Tensor
    activation: Activation
    channel_axis: int = 0
    broadcast_scale: bool = True
    wide_biases: tuple[DType, ...] = (DType.INT64,)
    folded: bool = True

    def weights(self, *dtypes: DType) -> Array:
        """The filter's values shaped [output channels, taps].

        Raises:
            UnsuitableError: where they are not constant or of a dtype that is not among `dtypes`.
        """
        values, shape = self.filter.data, self.filter.shape
        require(values is not None, "The weights are constant", "computed")
        names = " or ".join(map(str, dtypes))
        require(self.filter.dtype in dtypes, f"The weights are {names}", self.filter.dtype)
        assert values is not None
        return np.moveaxis(values, self.channel_axis, 0).reshape(shape[self.channel_axis], -1)

    def biases(self, *dtypes: DType) -> Array:
        """The bias shaped [output channels], in its own dtype; without one zeros of the first of `dtypes`.

        Raises:
            UnsuitableError: where it is not constant, of another dtype or of another size.
        """
        channels = self.filter.shape[self.channel_axis]
        if self.bias is None:
            return np.zeros(channels, dtypes[0].numpy)
        values = self.bias.data
        require(values is not None, "The bias is constant", "computed")
        names = " or ".join(map(str, dtypes))
        require(self.bias.dtype in dtypes, f"The bias is {names}", self.bias.dtype)
        assert values is not None
        require(values.size == channels, "The bias has one value per output channel", self.bias.shape)
        return values.reshape(channels)

    def check_activations(self) -> None:
        """Input and output have one dtype and are computed.

        Raises:
            UnsuitableError: where they are not.
        """
        dtype = self.input.dtype
        require(self.output.dtype is dtype, f"The output is {dtype}", self.output.dtype)
        require(not self.input.is_constant, "The input is computed", "a constant")


@dataclass(frozen=True)
class LinearOp(ABC):
    """An op whose outputs are made of dot products of inputs and constant weights.

    Attributes:
        input, output: activations.
        weights: shaped [output channels, taps].
        arithmetic: types.
    """

    input: Tensor
    output: Tensor
    weights: Array
    arithmetic: Arithmetic

    @property
    def input_zero_point(self) -> int:
        """What an input of 0 is stored as."""
        return 0

    @property
    def element_bytes(self) -> int:
        """Bytes of an input and of an output."""
        return self.input.dtype.bytes

    @property
    @abstractmethod
    def tables(self) -> tuple[Constant, ...]:
        """What there is for each output channel, in the order of the calls."""

    @abstractmethod
    def output_parameters(self) -> tuple[Parameter, ...]:
        """How sums become outputs: the fields of the parameter struct."""

    @property
    @abstractmethod
    def constant_bytes(self) -> int:
        """Bytes of weights and tables in flash."""

    def filters(self, groups: int = 1) -> Constant:
        """The weights in the order that firmware/kernels/linear.h reads them.

        Args:
            groups: consecutive runs of output channels that are interleaved apart.
        """
        return Constant(
            "filter", ConstantKind.WEIGHTS, lambda: _packed(_runs(self.weights, groups), self.arithmetic)
        )

    def filters_in_order(self) -> Constant:
        """The weights channel by channel."""
        return Constant(
            "filter", ConstantKind.WEIGHTS, lambda: _packed([self.weights.ravel()], self.arithmetic)
        )

    def arguments(self, constants: Sequence[Constant]) -> tuple[Argument, ...]:
        """Input, output and constants, as the C templates take them."""
        return (
            Argument("input", TensorPointer(self.input.id)),
            Argument("output", TensorPointer(self.output.id)),
            *(Argument(item.name, ConstantPointer(item.name)) for item in constants),
        )


def interleave(weights: Array, groups: int = 1) -> Array:
    """Weights in the order that firmware/kernels/linear.h and dot_s8.h read them.

    Args:
        weights: shaped [output channels, taps].
        groups: consecutive runs of output channels that are interleaved apart.

    Returns:
        One-dimensional: per group, blocks of four channels as [taps][4], then the other channels as [taps].
    """
    return np.concatenate(_runs(weights, groups))


def _runs(weights: Array, groups: int) -> list[Array]:
    """The blocks and the other channels of `interleave`, each by itself."""
    parts: list[Array] = []
    for group in np.split(weights, groups):
        whole = len(group) // BLOCK * BLOCK
        blocks = group[:whole].reshape(-1, BLOCK, group.shape[1])
        parts += [blocks.transpose(0, 2, 1).ravel(), *group[whole:]]
    return parts


def _packed(parts: Sequence[Array], arithmetic: Arithmetic) -> Array:
    """Runs of weights one after the other; those of four bits two a byte, each run in bytes of its own."""
    if arithmetic is not Arithmetic.S8_S4:
        return np.concatenate(parts)
    return np.concatenate([_nibbles(part) for part in parts])


def _nibbles(values: Array) -> Array:
    even = np.append(values, np.zeros(values.size % 2, values.dtype)).astype(np.uint8) & 0xF
    pairs: Array = even[::2] | even[1::2] << 4
    return pairs
