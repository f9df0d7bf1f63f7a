"""SVDF: filters over features, then over the time that its state remembers; ranks of filters are added up.

Input [batch, features]; feature weights [filters, features]; time weights [filters, memory]; bias [units],
where each unit has `rank` filters; state [batch, filters * memory], oldest first. Output [batch, units].
Source: tensorflow/lite/micro/kernels/svdf_common.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.ir import Attributes, DType, Graph, Op
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import Operator, Options, Shape, attributes_of
from tinygen.ops.rules import (
    FACTOR_LIMIT,
    INPUT,
    OUTPUT,
    Operand,
    constant,
    dtypes,
    operands,
    quantized,
    rank,
)

FEATURE = Operand("feature weights", 1)
TIME = Operand("time weights", 2)
BIAS = Operand("bias", 3)
STATE = Operand("state", 4)

_INT8, _INT16, _INT32, _FLOAT = DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32


@dataclass(frozen=True)
class SvdfAttributes(Attributes):
    """Filters of each unit, and the fused activation, which TFLM applies in float only."""

    rank: int
    activation: Activation = Activation.NONE


def from_options(options: Options) -> SvdfAttributes:
    """Attributes from the fields of SVDFOptions."""
    return SvdfAttributes(options.get("rank", 0), Activation(options.get("fused_activation_function", 0)))


def state_kept(graph: Graph, op: Op) -> str | None:
    """The state is a variable.

    Convert the model again with a current converter.
    """
    tensor = graph.optional(op, 4)
    if tensor is None:
        return "left out"
    return None if tensor.variable and op.updates == (tensor.id,) else f"{tensor.name[:60]!r} is none"


def shapes_match(graph: Graph, op: Op) -> str | None:
    """Input, weights, bias and state have the shapes that rank, filters and memory give.

    Convert the model again: the file contradicts itself.
    """
    batch, features = graph.operand(op, 0).shape
    filters, inputs = graph.operand(op, 1).shape
    rows, memory = graph.operand(op, 2).shape
    ranks = attributes_of(op, SvdfAttributes).rank
    if ranks < 1 or filters % ranks:
        return f"rank {ranks} of {filters} filters"
    if (inputs, rows) != (features, filters):
        return f"feature weights {[filters, inputs]} and time weights {[rows, memory]} on {features} features"
    state, bias = graph.operand(op, 4).shape, graph.optional(op, 3)
    if state != (batch, filters * memory):
        return f"state {list(state)} for {filters} filters of {memory}"
    if bias is not None and bias.shape != (filters // ranks,):
        return f"bias {list(bias.shape)} for {filters // ranks} units"
    return None


def symmetric_weights(graph: Graph, op: Op) -> str | None:
    """Zero points of quantized weights are 0.

    Convert the model again with a current converter.
    """
    quants = [graph.operand(op, 1).quant, graph.operand(op, 2).quant]
    wrong = [point for quant in quants if quant for point in quant.zero_points if point]
    return f"zero point {wrong[0]}" if wrong else None


def biased(graph: Graph, op: Op) -> str | None:
    """An int8 layer has a bias.

    Add one of zeros.
    """
    missing = graph.operand(op, 0).dtype is _INT8 and graph.optional(op, 3) is None
    return "no bias" if missing else None


def scales(graph: Graph, op: Op) -> tuple[float, float]:
    """Factors of the feature sums in units of the state, and of the time sums in units of the output.

    In double, as TFLM's build does it; earlier versions of PrepareSvdf did it in float32.
    """
    source, feature, time, state, output = (
        tensor.quant.scale if tensor.quant else 1.0
        for tensor in (*(graph.operand(op, at) for at in (0, 1, 2, 4)), graph.result(op))
    )
    return source * feature / state, state * time / output


def bias_fits(graph: Graph, op: Op) -> str | None:
    """The bias's scale is the state's times that of the time weights, to 1e-5.

    Convert the model again with a current converter.
    """
    bias, state, time = graph.optional(op, 3), graph.operand(op, 4).quant, graph.operand(op, 2).quant
    if bias is None or state is None or time is None or graph.operand(op, 0).dtype is not _INT8:
        return None
    found = bias.quant.scales[0] if bias.quant else 0.0
    distance = abs(found - state.scale * time.scale)
    return None if distance < 1e-5 else f"scale {found:g}, {distance:g} away"


def factors_fit(graph: Graph, op: Op) -> str | None:
    """The requantization factors are below 2**30.

    Check the ranges that the representative dataset produces.
    """
    found = scales(graph, op)
    return None if max(found) < FACTOR_LIMIT else f"factors {found[0]:g} and {found[1]:g}"


def activation_of_float(graph: Graph, op: Op) -> str | None:
    """The fused activation is NONE, RELU, RELU_N1_TO_1 or RELU6; of an int8 layer NONE or RELU.

    TFLM leaves RELU of an int8 layer to the range of the output. Make another one a layer of its own.
    """
    activation = attributes_of(op, SvdfAttributes).activation
    allowed = [Activation.NONE, Activation.RELU]
    if graph.operand(op, 0).dtype is _FLOAT:
        allowed += [Activation.RELU_N1_TO_1, Activation.RELU6]
    return None if activation in allowed else str(activation)


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """[batch, units]."""
    filters = graph.operand(op, 1).shape[0]
    return ((graph.operand(op, 0).shape[0], filters // attributes_of(op, SvdfAttributes).rank),)


def macs(graph: Graph, op: Op) -> int:
    """One for each weight and batch."""
    return graph.operand(op, 0).shape[0] * (graph.operand(op, 1).elements + graph.operand(op, 2).elements)


OPERATOR = Operator(
    kind="SVDF",
    options="SVDFOptions",
    from_options=from_options,
    form=(
        operands(3, 5),
        state_kept,
        dtypes(
            (INPUT, FEATURE, TIME, BIAS, STATE, OUTPUT),
            (_INT8, _INT8, _INT8, _INT32, _INT8, _INT8),
            (_INT8, _INT8, _INT16, _INT32, _INT16, _INT8),
            (_FLOAT, _FLOAT, _FLOAT, _FLOAT, _FLOAT, _FLOAT),
        ),
        rank(INPUT, 2),
        rank(FEATURE, 2),
        rank(TIME, 2),
        rank(BIAS, 1),
        rank(STATE, 2),
        quantized(INPUT, FEATURE, TIME, STATE, OUTPUT),
    ),
    rules=(
        constant(FEATURE, TIME, BIAS),
        shapes_match,
        symmetric_weights,
        biased,
        bias_fits,
        factors_fit,
        activation_of_float,
    ),
    infer=infer,
    macs=macs,
    updates=(4,),
)
