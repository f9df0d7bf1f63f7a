"""SOFTMAX: firmware/kernels/portable/softmax.h."""

from __future__ import annotations

import math

import numpy as np

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.kernels.elementwise import UnaryKernel, libm_bound
from tinygen.kernels.interface import Candidate, Constant, ConstantKind, Proposal, Refusal, Region
from tinygen.kernels.lookup import affine
from tinygen.kernels.operands import is_quantized
from tinygen.numerics.fixed_functions import exponential_scaling
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.tables import interpolation_table
from tinygen.ops.operator import attributes_of
from tinygen.ops.softmax import SoftmaxAttributes
from tinygen.target import Target

KINDS = ("SOFTMAX",)

_INT8 = {
    DType.INT8: UnaryKernel(
        set="portable",
        name="softmax",
        header="portable/softmax.h",
        function="tg_softmax_s8",
        params="tg_softmax_params",
        instructions=320,
        rows=True,
        row_instructions=90,
        passes=3,
        code_bytes=832,
    ),
    DType.INT16: UnaryKernel(
        set="portable",
        name="softmax s8 s16",
        header="portable/softmax.h",
        function="tg_softmax_s8_s16",
        params="tg_softmax_params",
        instructions=320,
        rows=True,
        row_instructions=90,
        passes=3,
        code_bytes=832,
        reverse=True,
    ),
}
_INT16 = UnaryKernel(
    set="portable",
    name="softmax s16",
    header="portable/softmax.h",
    function="tg_softmax_s16",
    params="tg_softmax_s16_params",
    instructions=48,
    rows=True,
    row_instructions=70,
    passes=2,
    code_bytes=330,
    constant_bytes=2052,
)
_REAL = UnaryKernel(
    set="portable",
    name="softmax f32",
    header="portable/softmax.h",
    function="tg_softmax_f32",
    params="tg_softmax_f32_params",
    instructions=88,
    rows=True,
    row_instructions=30,
    passes=2,
    code_bytes=700,
    proof=libm_bound(6),
)


def _powers() -> Array:
    """e^x in Q0.15 for x from -10 to 0."""
    unit = np.float32(2.0) / np.float32(65535)
    scale = np.float32(10.0) / np.float32(65535)
    return interpolation_table(math.exp, (float(scale), 32767), (float(unit), 0))


def _inverses() -> Array:
    """1 / (1 + x) in Q0.15 for x from 0 to 1."""
    one = np.float32(1)
    unit = np.float32(2.0) / np.float32(65535)
    scale = one / np.float32(65535)
    return interpolation_table(
        lambda x: float(one / (one + np.float32(x))), (float(scale), -32768), (float(unit), 0)
    )


def _from_int8(op: Op, source: Tensor, result: Tensor, beta: float) -> Candidate:
    multiplier, shift, least_difference = exponential_scaling(beta, affine(source).scale)
    values = {"multiplier": multiplier, "shift": shift, "least_difference": least_difference}
    return _INT8[result.dtype].candidate(op, source, result, values)


def _from_int16(op: Op, source: Tensor, result: Tensor, beta: float) -> Candidate:
    multiplier, shift = quantize_multiplier(affine(source).scale * beta / (10.0 / 65535.0))
    tables = (
        Constant("powers", ConstantKind.CONSTANTS, _powers),
        Constant("inverses", ConstantKind.CONSTANTS, _inverses),
    )
    return _INT16.candidate(op, source, result, {"multiplier": multiplier, "shift": shift}, constants=tables)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8 to int8 or int16, int16 or float32; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    beta = attributes_of(op, SoftmaxAttributes).beta
    if source.dtype is result.dtype is DType.FLOAT32:
        return [_REAL.candidate(op, source, result, {"beta": beta})]
    if is_quantized(source, DType.INT8) and result.dtype in _INT8 and is_quantized(result, result.dtype):
        return [_from_int8(op, source, result, beta)]
    if is_quantized(source, DType.INT16) and is_quantized(result, DType.INT16):
        return [_from_int16(op, source, result, beta)]
    return Refusal("portable", "SOFTMAX has no kernel", f"{source.dtype} to {result.dtype}")
