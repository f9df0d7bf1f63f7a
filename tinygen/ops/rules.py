"""Rules that several operators share, made for the operands at hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import DType, Graph, Op, Tensor, format_type
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Rule

Test = Callable[[Graph, Op], str | None]

_QUANTIZE_FULLY = (
    "Convert the model with full int8 quantization: optimizations = [tf.lite.Optimize.DEFAULT], a "
    "representative_dataset and supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]."
)

SCALE_RANGE = (2.0**-28, 2.0**28)
"""Scales of activations outside make TFLM's activation limits leave int32."""

LEAST_SCALE = 2.0**-149
"""The smallest float32 above 0: converters give such scales to tensors that never left 0."""

QUANTIZED_DTYPES = (DType.INT4, DType.INT8, DType.UINT8, DType.INT16)
"""Those whose elements stand for real numbers by a scale and a zero point."""

FACTOR_LIMIT = 2.0**30
"""Requantization factors from here on shift by 31 bits or more, which TFLM leaves undefined."""


@dataclass(frozen=True)
class Operand:
    """A position among an op's inputs or outputs, with its name in the field."""

    name: str
    position: int
    output: bool = False

    def of(self, graph: Graph, op: Op) -> Tensor | None:
        """The tensor there, or None where it is left out."""
        keys: Sequence[int | None] = op.outputs if self.output else op.inputs
        key = keys[self.position] if self.position < len(keys) else None
        return None if key is None else graph.tensors[key]


INPUT = Operand("input", 0)
OUTPUT = Operand("output", 0, output=True)


def stated(sentence: str, hint: str, test: Test) -> Rule:
    """A rule from its sentence, what to do about it, and its test."""

    def rule(graph: Graph, op: Op) -> str | None:
        return test(graph, op)

    rule.__doc__ = f"{sentence}\n\n{hint}"
    return rule


def enumerate_names(names: Sequence[str]) -> str:
    """A list as in a sentence: "a", then "a and b", then "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _subject(operands: Sequence[Operand], singular: str, plural: str) -> str:
    names = enumerate_names([operand.name for operand in operands])
    return f"The {names} {singular if len(operands) == 1 else plural}"


def operands(
    least: int, most: int | None = None, *, unlimited: bool = False, outputs: int | None = 1
) -> Rule:
    """The number of inputs, the first `least` of which are not left out, and of outputs (None: any)."""
    most = least if most is None else most
    count = f"{least} or more" if unlimited else str(least) if least == most else f"{least} to {most}"

    def test(graph: Graph, op: Op) -> str | None:
        number, results = len(op.inputs), len(op.outputs)
        fits = least <= number and (unlimited or number <= most)
        if not fits or (results != outputs if outputs is not None else results == 0):
            return f"inputs: {number}, outputs: {results}"
        missing = [str(index) for index in range(least) if op.inputs[index] is None]
        return f"input {', '.join(missing)} left out" if missing else None

    plural = "" if count == "1" else "s"
    made = "1 or more outputs" if outputs is None else "1 output" if outputs == 1 else f"{outputs} outputs"
    return stated(f"Has {count} input{plural} and {made}.", "Convert the model again.", test)


def rank(operand: Operand, low: int, high: int | None = None) -> Rule:
    """The number of dimensions of an operand, where it is given, and that it has elements."""
    high = low if high is None else high
    count = str(low) if low == high else f"{low} to {high}"

    def test(graph: Graph, op: Op) -> str | None:
        tensor = operand.of(graph, op)
        fits = tensor is None or (low <= len(tensor.shape) <= high and 0 not in tensor.shape)
        return None if fits or tensor is None else format_type(tensor)

    noun = "dimension" if count == "1" else "dimensions"
    return stated(
        f"The {operand.name} has {count} {noun}, none of size 0.", "Reshape before the layer.", test
    )


def dtypes(positions: Sequence[Operand], *combinations: Sequence[DType]) -> Rule:
    """The combinations of dtypes that the operands may have; those left out are not asked."""
    choices = [
        ", ".join(f"{dtype} {operand.name}" for operand, dtype in zip(positions, combination, strict=True))
        for combination in combinations
    ]

    def test(graph: Graph, op: Op) -> str | None:
        tensors = [operand.of(graph, op) for operand in positions]
        for combination in combinations:
            pairs = zip(tensors, combination, strict=True)
            if all(tensor is None or tensor.dtype is dtype for tensor, dtype in pairs):
                return None
        return ", ".join(
            f"{operand.name} {tensor.dtype}"
            for operand, tensor in zip(positions, tensors, strict=True)
            if tensor is not None
        )

    return stated(f"Takes and gives {'; or '.join(choices)}.", _QUANTIZE_FULLY, test)


def one_dtype(positions: Sequence[Operand], choices: Sequence[DType]) -> Rule:
    """Operands of one and the same dtype out of `choices`; those left out are not asked."""

    def test(graph: Graph, op: Op) -> str | None:
        found = [(operand.name, operand.of(graph, op)) for operand in positions]
        given = [(name, tensor.dtype) for name, tensor in found if tensor is not None]
        if len({dtype for _, dtype in given}) == 1 and given[0][1] in choices:
            return None
        return ", ".join(f"{name} {dtype}" for name, dtype in given)

    subject = _subject(positions, "has dtype", "have one dtype:")
    names = " or ".join(", ".join(map(str, choices)).rsplit(", ", 1))
    return stated(f"{subject} {names}.", _QUANTIZE_FULLY, test)


def _faulty_quantization(tensor: Tensor, least: float) -> str | None:
    quant = tensor.quant
    if quant is None or len(quant.scales) != 1:
        return f"{0 if quant is None else len(quant.scales)} scales"
    if not least <= quant.scale <= SCALE_RANGE[1]:
        return f"scale {quant.scale:g}"
    limits = np.iinfo(tensor.dtype.numpy)
    inside = int(limits.min) <= quant.zero_point <= int(limits.max)
    return None if inside else f"zero point {quant.zero_point}"


def quantized(*positions: Operand, least: float = SCALE_RANGE[0]) -> Rule:
    """One sane scale and zero point for each operand of 4, 8 or 16 bits; wider ones hold plain numbers.

    Args:
        positions: the operands.
        least: the smallest scale, 0 or a power of two.
    """

    def test(graph: Graph, op: Op) -> str | None:
        faults = []
        for operand in positions:
            tensor = operand.of(graph, op)
            narrow = tensor is not None and tensor.dtype in QUANTIZED_DTYPES
            fault = _faulty_quantization(tensor, least) if tensor and narrow else None
            if fault:
                faults.append(f"{operand.name} with {fault}")
        return ", ".join(faults) or None

    subject = _subject(positions, "has one scale", "have one scale each")
    start = f"2**{math.frexp(least)[1] - 1}" if least else "0"
    return stated(
        f"{subject}, from {start} to 2**28, and a zero point that the dtype holds.", _QUANTIZE_FULLY, test
    )


def symmetric_int16(*positions: Operand) -> Rule:
    """Zero points of 0 for operands of 16 bits."""

    def test(graph: Graph, op: Op) -> str | None:
        found = [(operand.name, operand.of(graph, op)) for operand in positions]
        wrong = [
            f"{name} with zero point {next(filter(None, tensor.quant.zero_points))}"
            for name, tensor in found
            if tensor and tensor.dtype is DType.INT16 and tensor.quant and any(tensor.quant.zero_points)
        ]
        return ", ".join(wrong) or None

    return stated("Zero points of int16 are 0.", "Convert the model again with a current converter.", test)


def weights_quantized(operand: Operand, axis: int) -> Rule:
    """Symmetric weights, per tensor or per channel along `axis`."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = operand.of(graph, op)
        if tensor is None or tensor.dtype.is_float:
            return None
        quant = tensor.quant
        if quant is None:
            return "no scale"
        if quant.per_channel and (quant.axis != axis or len(quant.scales) != tensor.shape[axis]):
            return f"{len(quant.scales)} scales along axis {quant.axis} of {list(tensor.shape)}"
        if any(quant.zero_points):
            return f"zero point {next(filter(None, quant.zero_points))}"
        wrong = [scale for scale in quant.scales if not (math.isfinite(scale) and scale >= 0)]
        return f"scale {wrong[0]}" if wrong else None

    return stated(
        f"The {operand.name} has one scale or one per output channel (axis {axis}), and zero points of 0.",
        _QUANTIZE_FULLY,
        test,
    )


def constant(*positions: Operand) -> Rule:
    """Operands whose values are in the file, where they are given."""

    def test(graph: Graph, op: Op) -> str | None:
        tensors = [(operand, operand.of(graph, op)) for operand in positions]
        computed = [operand.name for operand, tensor in tensors if tensor and not tensor.is_constant]
        return f"{enumerate_names(computed)} computed at run time" if computed else None

    return stated(
        f"{_subject(positions, 'is', 'are')} constant.", "Freeze the weights before converting.", test
    )


def batch_one_of(operand: Operand) -> Rule:
    """A batch size of 1."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = operand.of(graph, op)
        return None if tensor is None or tensor.shape[0] == 1 else f"batch {tensor.shape[0]}"

    return stated(
        "The batch size is 1.", "Convert with a fixed batch of 1: tf.keras.Input(shape, batch_size=1).", test
    )


batch_one = batch_one_of(INPUT)


def supported_activation(graph: Graph, op: Op) -> str | None:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6.

    Use another activation, or make it a layer of its own.
    """
    activation = getattr(op.attributes, "activation", Activation.NONE)
    return str(activation) if activation in (Activation.TANH, Activation.SIGN_BIT) else None


def activation_fits(graph: Graph, op: Op) -> str | None:
    """The output's scale is 2**-28 or more where there is a fused activation.

    Its limits leave int32 otherwise. Make the activation a layer of its own.
    """
    activation = getattr(op.attributes, "activation", Activation.NONE)
    tensor = OUTPUT.of(graph, op)
    if activation is Activation.NONE or tensor is None or tensor.quant is None:
        return None
    small = tensor.dtype in QUANTIZED_DTYPES and tensor.quant.scale < SCALE_RANGE[0]
    return f"{activation}, scale {tensor.quant.scale:g}" if small else None


def bias_fits(weights: Operand, bias: Operand, source: Operand = INPUT, *, unscaled: bool) -> Rule:
    """The bias is in units of the accumulator, to the 2 % of an output step that TFLM allows.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc.

    Args:
        weights: operand whose scales, times those of `source`, are those of the accumulator.
        bias: the operand.
        source: the activation.
        unscaled: whether a bias without scales passes beside per-tensor weights, as it does per channel.
    """

    def test(graph: Graph, op: Op) -> str | None:
        tensor = bias.of(graph, op)
        inputs, filters, output = (item.of(graph, op) for item in (source, weights, OUTPUT))
        if tensor is None or tensor.dtype.is_float:
            return None
        quants = [item.quant if item else None for item in (inputs, filters, output)]
        if any(quant is None for quant in quants):
            return None
        given, weight, target = (quant for quant in quants if quant is not None)
        if tensor.quant is None and (unscaled or weight.per_channel):
            return None
        scales = np.asarray(tensor.quant.scales if tensor.quant else (0.0,))
        wanted = np.asarray(weight.scales) * given.scale
        if scales.size not in (1, wanted.size):
            return f"{scales.size} scales for {wanted.size} channels"
        worst = float(np.max(np.abs(wanted - scales)) / target.scale)
        return None if worst <= 0.02 else f"a bias scale {worst:.3g} output steps away"

    return stated(
        "The bias's scales are those of the input times those of the filter.",
        "Convert the model again with a current converter.",
        test,
    )


def factor_fits(factor: Callable[[Graph, Op], float]) -> Rule:
    """The requantization factor is one that TFLM defines."""

    def test(graph: Graph, op: Op) -> str | None:
        value = factor(graph, op)
        return None if 0 <= value < FACTOR_LIMIT else f"factor {value:g}"

    return stated(
        "The inputs' scales over the output's are below 2**30.",
        "Check the ranges that the representative dataset produces.",
        test,
    )


def factor_below_one(factor: Callable[[Graph, Op], float]) -> Rule:
    """The factor from a sum of rescaled operands to a quantized output is one that TFLM defines."""

    def test(graph: Graph, op: Op) -> str | None:
        tensor = OUTPUT.of(graph, op)
        if tensor is None or tensor.dtype not in QUANTIZED_DTYPES:
            return None
        value = factor(graph, op)
        return None if value < 1.0 else f"factor {value:g}"

    return stated(
        "The output's scale is above 2**-19 times the larger input scale, 2**-14 times of int16.",
        "Source: QuantizeMultiplierSmallerThanOneExp in tensorflow/lite/kernels/internal/"
        "quantization_util.cc. Check the ranges that the representative dataset produces.",
        test,
    )


def scale_ratio(graph: Graph, op: Op, source: Operand = INPUT) -> float:
    """Scale of the input `source` over that of the output; 1 where one of them has none or is float."""
    given, target = source.of(graph, op), OUTPUT.of(graph, op)
    if given is None or target is None or given.quant is None or target.quant is None:
        return 1.0
    if given.dtype.is_float or target.dtype.is_float:
        return 1.0
    return given.quant.scale / target.quant.scale


def weighted_scale_ratio(weights: Operand, source: Operand = INPUT) -> Callable[[Graph, Op], float]:
    """Largest scale of the accumulator over the scale of the output."""

    def factor(graph: Graph, op: Op) -> float:
        tensor = weights.of(graph, op)
        largest = max(tensor.quant.scales) if tensor and tensor.quant else 1.0
        return scale_ratio(graph, op, source) * largest

    return factor
