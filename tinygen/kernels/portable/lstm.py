"""UNIDIRECTIONAL_SEQUENCE_LSTM: firmware/kernels/portable/lstm.h."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Quantization, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.operands import argument, at_run_time, dense_activations
from tinygen.numerics.fixed_point import quantize_multiplier, reduce_multiplier
from tinygen.numerics.requantize import (
    INT32_LIMIT,
    INT64_LIMIT,
    accumulator_bounds,
    fold_zero_point,
    tensor_multiplier,
)
from tinygen.numerics.tables import checked_log2, sigmoid_table
from tinygen.ops.lstm import LstmAttributes, batches
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)

ORDER = (1, 0, 3, 2)
"""The kernel's gates (forget, input, output, cell) among the operands' (input, forget, cell, output)."""

_GATE_SCALE = 2.0**-12
_CURVE_SCALE = 2.0**-15
_CODE_BYTES = 1100
_INSTRUCTIONS_A_UNIT = 610
_INSTRUCTIONS_A_MAC = {DType.INT8: 2.5, DType.INT16: 5.5}


@dataclass(frozen=True)
class _Part:
    """What the four gates, in the kernel's order, take from one vector.

    Attributes:
        source: the vector.
        weights: of each gate, [units, elements].
        biases: of each gate, [units].
        factors: multiplier and shift of each gate.
    """

    source: Tensor
    weights: Sequence[Array]
    biases: Sequence[Array]
    factors: Sequence[tuple[int, int]]

    @property
    def folded(self) -> Array:
        """Biases with the zero point folded in, [units, gates]."""
        zero = _quant(self.source).zero_point
        pairs = zip(self.weights, self.biases, strict=True)
        return np.stack([fold_zero_point(weights, bias, zero) for weights, bias in pairs], axis=1)

    @property
    def interleaved(self) -> Array:
        """Weights as [units, elements, gates]."""
        return np.stack(self.weights, axis=-1)

    @property
    def largest(self) -> int:
        """Bound of the magnitude of any sum, with the zero point folded in or not."""
        info = np.iinfo(self.source.dtype.numpy)
        zero = _quant(self.source).zero_point
        found = 0
        for gate, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            for terms, offset in ((bias, zero), (self.folded[:, gate], 0)):
                sums = accumulator_bounds(weights, terms, offset, (int(info.min), int(info.max)))
                found = max(found, int(sums.max()))
        return found


def _quant(tensor: Tensor) -> Quantization:
    assert tensor.quant is not None
    return tensor.quant


def _data(graph: Graph, op: Op, position: int) -> Array:
    data = graph.operand(op, position).data
    assert data is not None
    return data


def _part(op: Op, graph: Graph, source: Tensor, first: int, biases: Sequence[Array]) -> _Part:
    """The part whose weights are the four operands from `first` on; biases are in the kernel's order."""
    factors = []
    for gate in ORDER:
        scale = _quant(graph.operand(op, first + gate)).scale
        multiplier, shift = tensor_multiplier(_quant(source).scale, scale, _GATE_SCALE)
        if source.dtype is DType.INT16:
            multiplier = reduce_multiplier(multiplier)
        factors.append((multiplier, shift if multiplier else -1))
    return _Part(source, [_data(graph, op, first + gate) for gate in ORDER], biases, factors)


def _parts(op: Op, graph: Graph) -> tuple[_Part, _Part]:
    source, hidden = graph.operand(op, 0), graph.operand(op, 18)
    biases = [_data(graph, op, 12 + gate).astype(np.int64) for gate in ORDER]
    none = [np.zeros_like(bias) for bias in biases]
    return _part(op, graph, source, 1, biases), _part(op, graph, hidden, 5, none)


def _cell_parameters(op: Op, graph: Graph) -> dict[str, int]:
    """The factors between gates, cell and output, and the cell's limits.

    Source: PrepareGateParametersInteger and CreateLstmCellStateInfo in
    tensorflow/lite/micro/kernels/lstm_eval_common.cc, and Tanh in lstm_eval.cc.
    """
    hidden, cell = _quant(graph.operand(op, 18)), _quant(graph.operand(op, 19)).scale
    left = checked_log2(cell)[0] + 12
    update = quantize_multiplier(_CURVE_SCALE * _CURVE_SCALE / cell)
    output = quantize_multiplier(_CURVE_SCALE * _CURVE_SCALE / hidden.scale)
    clip = attributes_of(op, LstmAttributes).cell_clip
    limit = int(min(clip / cell, 32767.0))
    return {
        "cell_multiplier": 3 << max(left, 0),
        "cell_shift": max(-left, 0),
        "update_multiplier": update[0],
        "update_shift": update[1],
        "hidden_multiplier": output[0],
        "hidden_shift": output[1],
        "hidden_zero_point": hidden.zero_point,
        "cell_lowest": -limit if clip > 0 else -32768,
        "cell_highest": limit if clip > 0 else 32767,
    }


def _sizes(op: Op, graph: Graph) -> dict[str, int]:
    source = graph.operand(op, 0)
    count = batches(graph, op)
    steps = source.shape[0] * source.shape[1] // count
    time_major = attributes_of(op, LstmAttributes).time_major
    return {
        "batches": count,
        "steps": steps,
        "inputs": source.shape[2],
        "units": graph.operand(op, 18).shape[-1],
        "batch_rows": 1 if time_major else steps,
        "step_rows": count if time_major else 1,
    }


def _constants(parts: Sequence[_Part], bias: type[np.int32] | type[np.int64]) -> tuple[Constant, ...]:
    def weights() -> Array:
        units = len(parts[0].weights[0])
        return np.concatenate([part.interleaved.reshape(units, -1) for part in parts], axis=1).ravel()

    def biases() -> Array:
        return np.concatenate([part.folded for part in parts], axis=1).astype(bias).ravel()

    factors = np.array([pair for part in parts for pair in part.factors], np.int32)
    return (
        Constant("weights", ConstantKind.WEIGHTS, weights),
        Constant("bias", ConstantKind.WEIGHTS, biases, align=np.dtype(bias).itemsize),
        Constant("factors", ConstantKind.CONSTANTS, factors.ravel),
        Constant("table", ConstantKind.CONSTANTS, sigmoid_table),
    )


def _cost(op: Op, graph: Graph, parts: Sequence[_Part], sizes: dict[str, int]) -> Cost:
    source, result = graph.operand(op, 0), graph.result(op)
    weights = sum(item.size for part in parts for item in part.weights)
    rows, units = sizes["batches"] * sizes["steps"], sizes["units"]
    instructions = rows * int(weights * _INSTRUCTIONS_A_MAC[source.dtype] + units * _INSTRUCTIONS_A_UNIT)
    size = source.dtype.bytes
    return Cost(
        instructions=instructions,
        cycles=instructions * 5 // 4,
        flash=weights + units * 32 * size + 64 + 512 + _CODE_BYTES,
        reads=rows * (sizes["inputs"] + units) * units * size,
        writes=2 * result.bytes,
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 or int16 with weights of int8; both states are updated in place."""
    (op,) = region
    source, hidden, cell = (graph.operand(op, at) for at in (0, 18, 19))
    result = graph.result(op)
    parts = _parts(op, graph)
    wide = source.dtype is DType.INT16
    largest = max(part.largest for part in parts)
    if largest >= (INT64_LIMIT if wide else INT32_LIMIT):
        bits = 48 if wide else 32
        return Refusal(
            "portable", f"Accumulators fit {bits} bits for every input", f"a sum of up to {largest}"
        )
    constants = _constants(parts, np.int64 if wide else np.int32)
    sizes = _sizes(op, graph)
    tensors = {"input": source, "hidden": hidden, "cell": cell, "output": result}
    return [
        Candidate(
            set="portable",
            name="lstm s16" if wide else "lstm",
            covers=(op.id,),
            operands=dense_activations(tensors.values()),
            cost=_cost(op, graph, parts, sizes),
            call=Call(
                header="portable/lstm.h",
                function="tg_lstm_s16" if wide else "tg_lstm_s8",
                params="tg_lstm_params",
                arguments=(
                    *(argument(name, tensor) for name, tensor in tensors.items()),
                    *(Argument(item.name, ConstantPointer(item.name)) for item in constants),
                ),
                parameters=at_run_time(**sizes, **_cell_parameters(op, graph)),
            ),
            constants=constants,
        )
    ]
