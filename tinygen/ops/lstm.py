"""UNIDIRECTIONAL_SEQUENCE_LSTM: sigmoid gates and a cell, over the steps of a sequence.

Input [batch, steps, inputs], or [steps, batch, inputs] where time_major. Weights of the four gates [units,
inputs] and [units, units], biases [units]; hidden and cell state [batch, units]; output as the input, with
units. Source: tensorflow/lite/micro/kernels/{unidirectional_sequence_lstm,lstm_eval_common}.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import (
    INPUT,
    OUTPUT,
    Operand,
    constant,
    dtypes,
    operands,
    quantized,
    rank,
    symmetric_int16,
)

GATES = ("input", "forget", "cell", "output")
"""In the order of the operands."""

WEIGHTS = tuple(Operand(f"{name} gate's weights", 1 + at) for at, name in enumerate(GATES))
RECURRENT = tuple(Operand(f"{name} gate's recurrent weights", 5 + at) for at, name in enumerate(GATES))
BIASES = tuple(Operand(f"{name} gate's bias", 12 + at) for at, name in enumerate(GATES))
HIDDEN = Operand("hidden state", 18)
CELL = Operand("cell state", 19)

_OPERANDS = 24
_VARIANTS = {
    "peephole weights": (9, 10, 11),
    "a projection": (16, 17),
    "layer normalization": (20, 21, 22, 23),
}


@dataclass(frozen=True)
class LstmAttributes(Attributes):
    """Options of a layer.

    Attributes:
        activation: of the cell gate.
        cell_clip: largest magnitude of a cell; 0 for none.
        time_major: whether steps come before batches.
    """

    activation: Activation
    cell_clip: float
    time_major: bool


def from_options(options: Options) -> LstmAttributes:
    """Attributes from the fields of UnidirectionalSequenceLSTMOptions."""
    return LstmAttributes(
        Activation(options.get("fused_activation_function", 0)),
        float(options.get("cell_clip", 0.0)),
        bool(options.get("time_major", False)),
    )


def plain_layer(graph: Graph, op: Op) -> str | None:
    """A plain layer: four gates with weights and biases, no peepholes, projection or normalization.

    Use tf.keras.layers.LSTM.
    """
    if len(op.inputs) != _OPERANDS:
        return f"{len(op.inputs)} inputs"
    found = [name for name, at in _VARIANTS.items() if any(op.inputs[key] is not None for key in at)]
    if found:
        return ", ".join(found)
    needed = (*WEIGHTS, *RECURRENT, *BIASES, HIDDEN, CELL)
    missing = [operand.name for operand in needed if operand.of(graph, op) is None]
    return f"no {missing[0]}" if missing else None


def states_kept(graph: Graph, op: Op) -> str | None:
    """Hidden and cell state are two variables.

    Convert the model again with a current converter.
    """
    states = (op.inputs[HIDDEN.position], op.inputs[CELL.position])
    return None if op.updates == states else f"{len(op.updates)} variables"


def gates_alike(graph: Graph, op: Op) -> str | None:
    """All weights are int8; biases are int32 beside int8 inputs, int64 beside int16 ones.

    Convert the model with full integer quantization.
    """
    wide = graph.operand(op, 0).dtype is DType.INT16
    kinds = {**dict.fromkeys((*WEIGHTS, *RECURRENT), DType.INT8)}
    kinds |= dict.fromkeys(BIASES, DType.INT64 if wide else DType.INT32)
    wrong = [
        f"{operand.name} {tensor.dtype}"
        for operand, dtype in kinds.items()
        if (tensor := operand.of(graph, op)) is not None and tensor.dtype is not dtype
    ]
    return ", ".join(wrong) or None


def shapes_match(graph: Graph, op: Op) -> str | None:
    """Weights, biases and states have the shapes that inputs, units and batches give.

    Convert the model again: the file contradicts itself.
    """
    inputs, units = graph.operand(op, 0).shape[2], graph.operand(op, 18).shape[-1]
    wanted: dict[Operand, Shape] = dict.fromkeys(WEIGHTS, (units, inputs))
    wanted |= dict.fromkeys(RECURRENT, (units, units)) | dict.fromkeys(BIASES, (units,))
    for operand, shape in wanted.items():
        tensor = graph.operand(op, operand.position)
        if tensor.shape != shape:
            return f"{operand.name} {list(tensor.shape)} for {inputs} inputs and {units} units"
    batch = batches(graph, op)
    for operand in (HIDDEN, CELL):
        tensor = graph.operand(op, operand.position)
        if tensor.elements != batch * units:
            return f"{operand.name} {list(tensor.shape)} for {batch} batches of {units} units"
    return None


def symmetric(graph: Graph, op: Op) -> str | None:
    """Zero points of weights and of the cell state are 0, and each has one scale.

    Convert the model again with a current converter.
    """
    for operand in (*WEIGHTS, *RECURRENT, CELL):
        quant = graph.operand(op, operand.position).quant
        if quant is None or quant.per_channel:
            return f"{operand.name} with {len(quant.scales) if quant else 0} scales"
        if quant.zero_point:
            return f"{operand.name} with zero point {quant.zero_point}"
    return None


def cell_scale(graph: Graph, op: Op) -> str | None:
    """The cell state's scale is at most 1.

    Check the ranges that the representative dataset produces.
    """
    quant = graph.operand(op, CELL.position).quant
    return None if quant is None or quant.scale <= 1 else f"scale {quant.scale:g}"


def same_scale(graph: Graph, op: Op) -> str | None:
    """The output has the scale and zero point of the hidden state.

    Convert the model again: TFLM copies one to the other.
    """
    kept, given = graph.operand(op, HIDDEN.position).quant, graph.result(op).quant
    if kept is None or given is None or (kept.scales, kept.zero_points) == (given.scales, given.zero_points):
        return None
    return f"{given.scale:g} and {given.zero_point}, not {kept.scale:g} and {kept.zero_point}"


def tanh_cell(graph: Graph, op: Op) -> str | None:
    """The activation is TANH, and the cell's clip is not negative.

    TFLM has no other.
    """
    attributes = attributes_of(op, LstmAttributes)
    if attributes.activation is not Activation.TANH:
        return str(attributes.activation)
    return None if attributes.cell_clip >= 0 else f"cell_clip {attributes.cell_clip:g}"


def batches(graph: Graph, op: Op) -> int:
    """Number of independent sequences."""
    return graph.operand(op, 0).shape[1 if attributes_of(op, LstmAttributes).time_major else 0]


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """The input's shape with units in place of inputs."""
    return ((*graph.operand(op, 0).shape[:2], graph.operand(op, HIDDEN.position).shape[-1]),)


def macs(graph: Graph, op: Op) -> int:
    """One for each weight, step and batch."""
    rows = graph.operand(op, 0).shape[0] * graph.operand(op, 0).shape[1]
    return rows * sum(graph.operand(op, operand.position).elements for operand in (*WEIGHTS, *RECURRENT))


OPERATOR = Operator(
    kind="UNIDIRECTIONAL_SEQUENCE_LSTM",
    options="UnidirectionalSequenceLSTMOptions",
    from_options=from_options,
    form=(
        operands(1, _OPERANDS),
        plain_layer,
        states_kept,
        dtypes(
            (INPUT, HIDDEN, CELL, OUTPUT),
            (DType.INT8, DType.INT8, DType.INT16, DType.INT8),
            (DType.INT16, DType.INT16, DType.INT16, DType.INT16),
        ),
        gates_alike,
        rank(INPUT, 3),
        rank(HIDDEN, 2),
        rank(CELL, 1, 2),
        quantized(INPUT, HIDDEN, CELL, OUTPUT),
        symmetric_int16(INPUT, HIDDEN, OUTPUT),
        symmetric,
    ),
    rules=(constant(*WEIGHTS, *RECURRENT, *BIASES), shapes_match, cell_scale, same_scale, tanh_cell),
    infer=infer,
    macs=macs,
    updates=(18, 19),
)
