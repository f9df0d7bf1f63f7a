"""SVDF: firmware/kernels/portable/svdf.h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Parameter,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.linear import interleave
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.numerics.fixed_point import quantize_multiplier, wrap_int32
from tinygen.numerics.quantize import plain_activation_range
from tinygen.numerics.requantize import INT32_LIMIT, accumulator_bounds, fold_zero_point
from tinygen.ops.geometry import Activation
from tinygen.ops.operator import attributes_of
from tinygen.ops.svdf import SvdfAttributes, scales
from tinygen.target import Target

KINDS = ("SVDF",)

_CODE_BYTES = 520
_INSTRUCTIONS_A_UNIT = 40
_INSTRUCTIONS_A_FILTER = 72


@dataclass(frozen=True)
class _Layer:
    """The operands of an SVDF.

    Attributes:
        source, state, result: input, variable and output.
        feature: weights, [filters, features].
        time: weights, [filters, memory].
        bias: [units], or None.
        rank: filters of a unit.
    """

    source: Tensor
    state: Tensor
    result: Tensor
    feature: Array
    time: Array
    bias: Array | None
    rank: int

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes among the kernel's parameters."""
        filters, features = self.feature.shape
        return {
            "batches": self.source.shape[0],
            "features": features,
            "units": filters // self.rank,
            "rank": self.rank,
            "memory": self.time.shape[1],
        }

    def cost(self, macs_a_feature: float, constant_bytes: int) -> Cost:
        """Estimates, where a feature takes that many instructions and a remembered step seven."""
        filters = len(self.feature)
        one = (
            int(self.feature.size * macs_a_feature)
            + self.time.size * 7
            + filters * _INSTRUCTIONS_A_FILTER
            + filters // self.rank * _INSTRUCTIONS_A_UNIT
        )
        instructions = one * self.source.shape[0]
        return Cost(
            instructions=instructions,
            cycles=instructions * 5 // 4,
            flash=constant_bytes + _CODE_BYTES,
            reads=self.source.bytes * (filters // 4 + 1) + self.state.bytes,
            writes=self.state.bytes + self.result.bytes,
        )

    def candidate(
        self, op: Op, name: str, call: Call, constants: tuple[Constant, ...], cost: Cost
    ) -> Candidate:
        """The candidate; input and output lie apart, since all units read all of the input."""
        return Candidate(
            set="portable",
            name=name,
            covers=(op.id,),
            operands=dense_activations((self.source, self.state, self.result)),
            cost=cost,
            call=call,
            constants=constants,
        )


def _read(op: Op, graph: Graph) -> _Layer:
    feature, time, bias = graph.operand(op, 1), graph.operand(op, 2), graph.optional(op, 3)
    assert feature.data is not None
    assert time.data is not None
    return _Layer(
        source=graph.operand(op, 0),
        state=graph.operand(op, 4),
        result=graph.result(op),
        feature=feature.data,
        time=time.data,
        bias=None if bias is None else bias.data,
        rank=attributes_of(op, SvdfAttributes).rank,
    )


def _zero_point(tensor: Tensor) -> int:
    return tensor.quant.zero_point if tensor.quant else 0


def _integers(op: Op, graph: Graph, layer: _Layer) -> Proposal:
    assert layer.bias is not None
    time_weights = layer.time.reshape(len(layer.bias), -1)
    none = np.zeros(len(layer.feature), np.int64)
    zeros = _zero_point(layer.source), _zero_point(layer.state)
    sums = accumulator_bounds(layer.feature, none, zeros[0])
    wide = layer.state.dtype is DType.INT16
    if not wide:
        sums = np.append(sums, accumulator_bounds(time_weights, layer.bias.astype(np.int64), zeros[1]))
    if int(sums.max()) >= INT32_LIMIT:
        return Refusal("portable", "Accumulators fit 32 bits for every input", f"a sum of up to {sums.max()}")
    feature_bias = fold_zero_point(layer.feature, none, zeros[0])
    bias = wrap_int32(fold_zero_point(time_weights, layer.bias.astype(np.int64), zeros[1]))
    constants = (
        Constant("feature", ConstantKind.WEIGHTS, lambda: interleave(layer.feature)),
        Constant("feature_bias", ConstantKind.WEIGHTS, lambda: feature_bias.astype(np.int32)),
        Constant("time", ConstantKind.WEIGHTS, layer.time.ravel),
        Constant("bias", ConstantKind.WEIGHTS, lambda: bias.astype(np.int32)),
    )
    (feature_factor, feature_shift), (time_factor, time_shift) = map(quantize_multiplier, scales(graph, op))
    parameters = (
        *at_run_time(**layer.sizes),
        Parameter("wide", int(wide)),
        *at_run_time(
            feature_multiplier=feature_factor,
            feature_shift=feature_shift,
            time_multiplier=time_factor,
            time_shift=time_shift,
            state_zero_point=zeros[1],
            output_zero_point=_zero_point(layer.result),
        ),
    )
    call = _call("tg_svdf_s8", "tg_svdf_params", layer, constants, parameters)
    stored_bytes = layer.feature.nbytes + layer.time.nbytes + feature_bias.size * 4 + bias.size * 4
    name = "svdf with int16 state" if wide else "svdf"
    return [layer.candidate(op, name, call, constants, layer.cost(2.5, stored_bytes))]


def _call(
    function: str,
    params: str,
    layer: _Layer,
    constants: tuple[Constant, ...],
    parameters: tuple[Parameter, ...],
) -> Call:
    tensors = (("input", layer.source), ("state", layer.state), ("output", layer.result))
    return Call(
        header="portable/svdf.h",
        function=function,
        params=params,
        arguments=(
            *(argument(name, tensor) for name, tensor in tensors),
            *(Argument(item.name, ConstantPointer(item.name)) for item in constants),
        ),
        parameters=parameters,
    )


def _floats(op: Op, graph: Graph, layer: _Layer) -> Proposal:
    activation = attributes_of(op, SvdfAttributes).activation
    lowest, highest = plain_activation_range(activation.name, np.float32)
    # The kernel does not read a bias that there is none of; the time weights stand in for it.
    bias = graph.optional(op, 3) or graph.operand(op, 2)
    constants = (
        *stored("feature", graph.operand(op, 1)),
        *stored("time", graph.operand(op, 2)),
        *stored("bias", bias),
    )
    parameters = (
        *at_run_time(**layer.sizes),
        Parameter("biased", int(layer.bias is not None)),
        Parameter("limited", int(activation is not Activation.NONE)),
        *at_run_time(lowest=float(lowest), highest=float(highest)),
    )
    call = _call("tg_svdf_f32", "tg_svdf_f32_params", layer, constants, parameters)
    stored_bytes = layer.feature.nbytes + layer.time.nbytes
    return [layer.candidate(op, "svdf f32", call, constants, layer.cost(6, stored_bytes))]


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate: int8 with a state of int8 or int16, or float32; the state is updated in place."""
    (op,) = region
    layer = _read(op, graph)
    if layer.source.dtype is DType.FLOAT32:
        return _floats(op, graph, layer)
    return _integers(op, graph, layer)
