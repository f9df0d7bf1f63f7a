"""RESIZE_BILINEAR: firmware/kernels/portable/resize_bilinear.h."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygen.ir import DType, Graph
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Constant,
    ConstantKind,
    ConstantPointer,
    Cost,
    Operand,
    PitchOf,
    Proposal,
    Refusal,
    Region,
)
from tinygen.kernels.operands import argument, at_run_time, suffix
from tinygen.ops.operator import attributes_of
from tinygen.ops.resize import Between, ResizeAttributes, between_floats, between_integers
from tinygen.target import Target

KINDS = ("RESIZE_BILINEAR",)

_CODE_BYTES = 330
_INSTRUCTIONS_AN_ELEMENT = {DType.INT8: 20, DType.FLOAT32: 17}
_INSTRUCTIONS_A_PIXEL = 36


def _neighbours(name: str, places: Sequence[Between]) -> Constant:
    pairs = np.asarray([(place.lower, place.upper) for place in places], np.int16).ravel()
    return Constant(name, ConstantKind.CONSTANTS, lambda: pairs)


def _fractions(name: str, places: Sequence[Between], dtype: DType) -> Constant:
    kind = np.int16 if dtype is DType.INT8 else np.float32
    values = np.asarray([place.fraction for place in places], kind)
    return Constant(name, ConstantKind.CONSTANTS, lambda: values)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 and float32; input and output lie apart, at any pitch."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if source.is_constant or max(source.shape) > 1 << 15:
        rule = "RESIZE_BILINEAR's input is computed, with sizes of at most 32768"
        return Refusal("portable", rule, f"{list(source.shape)}")
    attributes = attributes_of(op, ResizeAttributes)
    between = between_integers if source.dtype is DType.INT8 else between_floats
    _, input_h, input_w, depth = source.shape
    batches, output_h, output_w, _ = result.shape
    rows, columns = between(input_h, output_h, attributes), between(input_w, output_w, attributes)
    constants = (
        _neighbours("rows", rows),
        _neighbours("columns", columns),
        _fractions("y", rows, source.dtype),
        _fractions("x", columns, source.dtype),
    )
    instructions = result.elements * _INSTRUCTIONS_AN_ELEMENT[source.dtype]
    instructions += result.elements // depth * _INSTRUCTIONS_A_PIXEL
    return [
        Candidate(
            set="portable",
            name=f"resize_bilinear {suffix(source.dtype)}",
            covers=(op.id,),
            operands=(Operand(source.id), Operand(result.id)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES + sum(item.pack().nbytes for item in constants),
                reads=4 * result.bytes,
                writes=result.bytes,
            ),
            call=Call(
                header="portable/resize_bilinear.h",
                function=f"tg_resize_bilinear_{suffix(source.dtype)}",
                params="tg_resize_bilinear_params",
                arguments=(
                    argument("input", source),
                    argument("output", result),
                    *(Argument(item.name, ConstantPointer(item.name)) for item in constants),
                ),
                parameters=at_run_time(
                    batches=batches,
                    input_h=input_h,
                    input_w=input_w,
                    output_h=output_h,
                    output_w=output_w,
                    depth=depth,
                    input_pitch=PitchOf(source.id),
                    output_pitch=PitchOf(result.id),
                ),
            ),
            constants=constants,
        )
    ]
