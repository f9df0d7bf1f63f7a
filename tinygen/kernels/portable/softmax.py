"""SOFTMAX: firmware/kernels/portable/softmax.h."""

from __future__ import annotations

from math import floor

import numpy as np

from tinygen.ir import Graph, Op, Tensor
from tinygen.kernels.interface import Call, Candidate, Cost, Overlap, Proposal, Refusal, Region
from tinygen.kernels.operands import argument, at_run_time, dense_activations, is_int8
from tinygen.kernels.traversal import forward
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.operator import attributes_of
from tinygen.ops.softmax import SoftmaxAttributes
from tinygen.target import Target

KINDS = ("SOFTMAX",)

MAX_DEPTH = 4095
"""Elements of a row: e^0 is 2^19 in the Q12.19 of the sum, which int32 holds 4,095 times."""

_DIFFERENCE_INTEGER_BITS = 5
_CODE_BYTES = 832
_INSTRUCTIONS_AN_ELEMENT = 320
_INSTRUCTIONS_A_ROW = 90


def scaling(beta: float, scale: float) -> tuple[int, int, int]:
    """Factor of a difference of quantized values to beta times its real value in Q5.26.

    Source: PreprocessSoftmaxScaling and CalculateInputRadius in
    tensorflow/lite/kernels/internal/quantization_util.cc.

    Args:
        beta: factor on the logits, a float32 value.
        scale: of the logits, a float32 value.

    Returns:
        Multiplier, left shift and the least difference that Q5.26 holds.

    Raises:
        ValueError: where the factor is not above 1, for which TFLM aborts.
    """
    fraction_bits = 31 - _DIFFERENCE_INTEGER_BITS
    factor = min(beta * scale * (1 << fraction_bits), (1 << 31) - 1.0)
    if not factor > 1:
        raise ValueError(f"beta times the input's scale is {beta * scale}")
    multiplier, shift = quantize_multiplier(factor)
    radius = 1.0 * ((1 << _DIFFERENCE_INTEGER_BITS) - 1) * (1 << fraction_bits) / (1 << shift)
    return multiplier, shift, -floor(radius)


def _candidate(op: Op, source: Tensor, result: Tensor, scaled: tuple[int, int, int]) -> Candidate:
    depth = source.shape[-1]
    rows = source.elements // depth
    multiplier, shift, least_difference = scaled
    instructions = source.elements * _INSTRUCTIONS_AN_ELEMENT + rows * _INSTRUCTIONS_A_ROW
    return Candidate(
        set="portable",
        name="softmax",
        covers=(op.id,),
        operands=dense_activations((source, result)),
        cost=Cost(
            instructions=instructions,
            cycles=instructions * 5 // 4,
            flash=_CODE_BYTES,
            reads=3 * source.bytes,
            writes=result.bytes,
        ),
        call=Call(
            header="portable/softmax.h",
            function="tg_softmax_s8",
            params="tg_softmax_params",
            arguments=(argument("input", source), argument("output", result)),
            parameters=at_run_time(
                rows=rows,
                depth=depth,
                multiplier=multiplier,
                shift=shift,
                least_difference=least_difference,
            ),
        ),
        overlaps=(Overlap(source.id, result.id, forward(np.arange(source.elements))),),
    )


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 to int8 over the last axis, any rows and beta; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if not (is_int8(source) and is_int8(result)):
        return Refusal(
            "portable", "SOFTMAX takes and gives int8 tensors", f"{source.dtype} to {result.dtype}"
        )
    assert source.quant is not None
    assert result.quant is not None
    if (result.quant.scale, result.quant.zero_point) != (1 / 256, -128):
        return Refusal(
            "portable",
            "SOFTMAX gives int8 with scale 1/256 and zero point -128",
            f"scale {result.quant.scale:g}, zero point {result.quant.zero_point}",
        )
    if not (source.shape and 1 <= source.shape[-1] <= MAX_DEPTH):
        return Refusal("portable", f"SOFTMAX has rows of 1 to {MAX_DEPTH} elements", f"shape {source.shape}")
    attributes = attributes_of(op, SoftmaxAttributes)
    try:
        scaled = scaling(attributes.beta, source.quant.scale)
    except ValueError as error:
        return Refusal("portable", "beta times SOFTMAX's input scale is above 2^-26", str(error))
    return [_candidate(op, source, result, scaled)]
