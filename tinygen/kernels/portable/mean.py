"""MEAN: firmware/kernels/portable/mean.h."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tinygen.ir import Graph, Op, Tensor
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
from tinygen.kernels.operands import argument, at_run_time, dense_activations, is_int8
from tinygen.kernels.traversal import forward
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.target import Target

KINDS = ("MEAN",)

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


def _candidate(op: Op, source: Tensor, result: Tensor, reduced: frozenset[int]) -> Proposal:
    assert source.quant is not None
    assert result.quant is not None
    levels = [Level(size, (step,)) for size, step in zip(source.shape, strides(source.shape), strict=True)]
    kept_loops = collapse([level for axis, level in enumerate(levels) if axis not in reduced])
    reduced_loops = collapse([level for axis, level in enumerate(levels) if axis in reduced])
    if max(len(kept_loops), len(reduced_loops)) > _LOOPS:
        return Refusal("portable", f"MEAN alternates between at most {_LOOPS} groups of axes", f"{reduced}")
    elements = prod(level.extent for level in reduced_loops)
    multiplier, shift = mean_multiplier(source.quant.scale, result.quant.scale, elements)
    parameters = at_run_time(
        zero_sum=source.quant.zero_point * elements,
        multiplier=multiplier,
        shift=shift,
        zero=result.quant.zero_point,
    )
    kept_shape = [1 if axis in reduced else size for axis, size in enumerate(source.shape)]
    means = np.arange(result.elements).reshape(kept_shape)
    instructions = source.elements * _INSTRUCTIONS_AN_ELEMENT + result.elements * _INSTRUCTIONS_AN_OUTPUT
    return [
        Candidate(
            set="portable",
            name="mean",
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
                header="portable/mean.h",
                function="tg_mean_s8",
                params="tg_mean_params",
                arguments=(argument("input", source), argument("output", result)),
                parameters=(*_loops("kept", kept_loops), *_loops("reduced", reduced_loops), *parameters),
            ),
            overlaps=(Overlap(source.id, result.id, forward(np.broadcast_to(means, source.shape))),),
        )
    ]


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 and constant axes, in any combination."""
    (op,) = region
    source, axes, result = graph.operand(op, 0), graph.operand(op, 1), graph.result(op)
    if not (is_int8(source) and is_int8(result)):
        return Refusal("portable", "MEAN takes and gives int8 tensors", f"{source.dtype} to {result.dtype}")
    if not axes.is_constant:
        return Refusal("portable", "MEAN's axes are constant", f"computed by {axes.name!r}")
    return _candidate(op, source, result, _axes(source, axes))
