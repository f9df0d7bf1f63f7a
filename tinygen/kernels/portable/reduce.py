"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL: firmware/kernels/portable/reduce.h."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType

import numpy as np

from tinygen.ir import DType, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Call,
    Candidate,
    Cost,
    Overlap,
    Parameter,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.nest import Level, collapse, strides
from tinygen.kernels.operands import argument, at_run_time, dense_activations, suffix
from tinygen.kernels.traversal import forward
from tinygen.numerics.fixed_point import quantize_multiplier, wrap_int32
from tinygen.ops.reduce import COMPARED, SUMMED
from tinygen.target import Target

_DTYPES: Mapping[str, tuple[DType, ...]] = MappingProxyType(
    {
        "MEAN": SUMMED,
        "SUM": SUMMED,
        "REDUCE_MAX": COMPARED,
        "REDUCE_MIN": COMPARED,
        "REDUCE_ALL": (DType.BOOL,),
    }
)

KINDS = tuple(_DTYPES)

_LOOPS = 3
_CODE_BYTES = 188
_INSTRUCTIONS_AN_ELEMENT = 6
_INSTRUCTIONS_AN_OUTPUT = 35


def mean_multiplier(input_scale: float, output_scale: float, elements: int) -> tuple[int, int]:
    """Multiplier and shift that take a sum of `elements` quantized values to their mean.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h, which divides the
    multiplier by the number of elements and keeps as many bits of it as the shift allows.
    """
    multiplier, shift = quantize_multiplier(input_scale / output_scale)
    more = min(elements.bit_length() - 1, 32, 31 + shift)
    return (multiplier << more) // elements, shift - more


def _loops(name: str, levels: Sequence[Level]) -> tuple[Parameter, ...]:
    """Rounds and steps of `levels` as the innermost loops; those not needed are constants of the instance."""
    unused = _LOOPS - len(levels)
    padded = [*[Level(1, (0,))] * unused, *levels]
    fields = []
    for index, level in enumerate(padded):
        specialize = index < unused
        fields.append(Parameter(f"{name}{index}", level.extent, specialize))
        fields.append(Parameter(f"{name}_step{index}", level.steps[0], specialize))
    return tuple(fields)


def _axes(source: Tensor, axes: Tensor) -> frozenset[int]:
    """The reduced axes, counted from the first one."""
    assert axes.data is not None
    return frozenset(int(axis) % len(source.shape) for axis in axes.data.ravel() if source.shape)


def _scaling(op: Op, source: Tensor, result: Tensor, elements: int) -> tuple[Parameter, ...]:
    """What makes an output of a sum of `elements`; nothing for reductions that choose one of the elements."""
    if op.kind not in ("MEAN", "SUM"):
        return ()
    if source.dtype is DType.FLOAT32:
        return at_run_time(divisor=float(elements) if op.kind == "MEAN" else 1.0)
    assert source.quant is not None
    assert result.quant is not None
    if op.kind == "MEAN":
        multiplier, shift = mean_multiplier(source.quant.scale, result.quant.scale, elements)
    else:
        multiplier, shift = quantize_multiplier(source.quant.scale / result.quant.scale)
    return at_run_time(
        zero_sum=int(wrap_int32(source.quant.zero_point * elements)),
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )


def _function(op: Op, dtype: DType) -> str:
    """Means are sums with another factor."""
    stem = "reduce_sum" if op.kind in ("MEAN", "SUM") else op.kind.lower()
    return f"tg_{stem}_{suffix(dtype)}"


def _candidate(op: Op, source: Tensor, result: Tensor, reduced: frozenset[int]) -> Proposal:
    levels = [Level(size, (step,)) for size, step in zip(source.shape, strides(source.shape), strict=True)]
    kept_loops = collapse([level for axis, level in enumerate(levels) if axis not in reduced])
    reduced_loops = collapse([level for axis, level in enumerate(levels) if axis in reduced])
    if max(len(kept_loops), len(reduced_loops)) > _LOOPS:
        rule = f"{op.kind} alternates between at most {_LOOPS} groups of axes"
        return Refusal("portable", rule, f"{reduced}")
    scaling = _scaling(op, source, result, prod(level.extent for level in reduced_loops))
    kept_shape = [1 if axis in reduced else size for axis, size in enumerate(source.shape)]
    outputs = np.broadcast_to(np.arange(result.elements).reshape(kept_shape), source.shape)
    size = source.dtype.bytes
    instructions = source.elements * _INSTRUCTIONS_AN_ELEMENT + result.elements * _INSTRUCTIONS_AN_OUTPUT
    kind = suffix(source.dtype)
    return [
        Candidate(
            set="portable",
            name=op.kind.lower() if kind == "s8" else f"{op.kind.lower()} {kind}",
            covers=(op.id,),
            operands=dense_activations((source, result)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 3 // 2,
                flash=_CODE_BYTES,
                reads=source.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/reduce.h",
                function=_function(op, source.dtype),
                params="tg_reduce_params",
                arguments=(argument("input", source), argument("output", result)),
                parameters=(*_loops("kept", kept_loops), *_loops("reduced", reduced_loops), *scaling),
            ),
            overlaps=(Overlap(source.id, result.id, forward(outputs, size, size)),),
        )
    ]


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for constant axes, in any combination."""
    (op,) = region
    source, axes, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    supported = _DTYPES[op.kind]
    if source.dtype not in supported or result.dtype is not source.dtype:
        names = " or ".join(", ".join(map(str, supported)).rsplit(", ", 1))
        return Refusal(
            "portable", f"{op.kind} takes and gives {names} tensors", f"{source.dtype} to {result.dtype}"
        )
    if not axes.is_constant:
        return Refusal("portable", f"{op.kind}'s axes are constant", f"computed by {axes.name!r}")
    return _candidate(op, source, result, _axes(source, axes))
