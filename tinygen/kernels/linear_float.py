"""Convolutions and fully connected layers of float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, DType
from tinygen.kernels.interface import Constant, ConstantKind, Parameter
from tinygen.kernels.linear import Arithmetic, Layer, LinearOp, UnsuitableError, require
from tinygen.numerics.quantize import plain_activation_range


@dataclass(frozen=True)
class FloatLinear(LinearOp):
    """Sums of float32 products, in TFLM's order, the bias last.

    Attributes:
        bias: float32, shaped [output channels]; zeros where the op has none.
        lowest, highest: range of the outputs after the fused activation.
    """

    bias: Array
    lowest: float
    highest: float

    @property
    def tables(self) -> tuple[Constant, ...]:
        """The bias."""
        return (Constant("bias", ConstantKind.WEIGHTS, lambda: self.bias),)

    def output_parameters(self) -> tuple[Parameter, ...]:
        """The limits."""
        return (
            Parameter("lowest", self.lowest, specialize=False),
            Parameter("highest", self.highest, specialize=False),
        )

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights and bias in flash."""
        return self.weights.nbytes + self.bias.nbytes


def read_float(layer: Layer) -> FloatLinear:
    """A layer of float32.

    Raises:
        UnsuitableError: where it breaks a rule.
    """
    layer.check_activations()
    weights, biases = layer.weights(DType.FLOAT32), layer.biases(DType.FLOAT32)
    # A tap in the padding may be multiplied by 0 instead of left out.
    require(bool(np.isfinite(weights).all()), "Weights are finite", "an infinity or NaN")
    try:
        low, high = plain_activation_range(layer.activation.name, np.float32)
    except ValueError as error:
        raise UnsuitableError("The fused activation limits the output's range", str(error)) from error
    return FloatLinear(layer.input, layer.output, weights, Arithmetic.F32, biases, float(low), float(high))
