"""Activations that are curves: firmware/kernels/portable/activations.h, on int8 by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.kernels.elementwise import Fields, UnaryKernel, libm_bound
from tinygen.kernels.interface import Candidate, Constant, ConstantKind, Proposal, Refusal, Region
from tinygen.kernels.lookup import affine, lookup
from tinygen.kernels.operands import is_quantized
from tinygen.numerics import tables
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.ops.leaky_relu import LeakyReluAttributes
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("ELU", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "TANH")

_SIGMOID_TABLE_BYTES = 512


def _kernel(
    name: str, params: str, instructions: int, code_bytes: int, *, constant_bytes: int = 0, ulps: int = 0
) -> UnaryKernel:
    return UnaryKernel(
        set="portable",
        name=name.replace("_", " ").removesuffix(" s8"),
        header="portable/activations.h",
        function=f"tg_{name}",
        params=params,
        instructions=instructions,
        code_bytes=code_bytes,
        constant_bytes=constant_bytes,
        proof=libm_bound(ulps) if ulps else "",
    )


_SIGMOIDS = {
    "LOGISTIC": _kernel("logistic_s16", "tg_sigmoid_params", 22, 120, constant_bytes=_SIGMOID_TABLE_BYTES),
    "TANH": _kernel("tanh_s16", "tg_sigmoid_params", 27, 120, constant_bytes=_SIGMOID_TABLE_BYTES),
}
_POWERS_OF_TWO: Mapping[str, tuple[int, ...]] = {"LOGISTIC": (0,), "TANH": (0, 1)}
"""n for which TFLM takes an input scale near 2^(n - 12) as that power of two."""

_LEAKY_RELU_INT16 = _kernel("leaky_relu_s16", "tg_leaky_relu_params", 26, 200)
_LEAKY_RELU_REAL = _kernel("leaky_relu_f32", "tg_leaky_relu_f32_params", 8, 44)
_REAL = {
    "ELU": _kernel("elu_f32", "tg_curve_params", 60, 900, ulps=2),
    "HARD_SWISH": _kernel("hard_swish_f32", "tg_curve_params", 15, 84),
    "LOGISTIC": _kernel("logistic_f32", "tg_curve_params", 77, 720, ulps=4),
    "TANH": _kernel("tanh_f32", "tg_curve_params", 99, 1100, ulps=4),
}
"""On float32; the bytes of code are those of libm too."""


def _table(op: Op, source: Tensor, result: Tensor) -> Callable[[], Array]:
    """What makes the table of an int8 activation."""
    given, wanted = affine(source), affine(result)
    if op.kind == "LEAKY_RELU":
        alpha = attributes_of(op, LeakyReluAttributes).alpha
        return lambda: tables.leaky_relu_s8(alpha, given, wanted)
    makers: Mapping[str, Callable[[], Array]] = {
        "ELU": lambda: tables.elu_s8(given, wanted),
        "HARD_SWISH": lambda: tables.hard_swish_s8(given, wanted),
        "LOGISTIC": lambda: tables.logistic_s8(given),
        "TANH": lambda: tables.tanh_s8(given),
    }
    return makers[op.kind]


def _leaky_relu(op: Op, source: Tensor, result: Tensor) -> Fields:
    alpha = attributes_of(op, LeakyReluAttributes).alpha
    given, wanted = affine(source), affine(result)
    below, above = tables.leaky_relu_factors(alpha, given, wanted)
    multiplier_below, shift_below = quantize_multiplier(abs(below))
    multiplier_above, shift_above = quantize_multiplier(above)
    return {
        "input_zero": given.zero_point,
        "multiplier_above": multiplier_above,
        "shift_above": shift_above,
        "multiplier_below": multiplier_below,
        "shift_below": shift_below,
        "negative": int(below < 0),
        "output_zero": wanted.zero_point,
    }


def _int16(op: Op, source: Tensor, result: Tensor) -> Candidate | None:
    if op.kind == "LEAKY_RELU":
        return _LEAKY_RELU_INT16.candidate(op, source, result, _leaky_relu(op, source, result))
    kernel = _SIGMOIDS.get(op.kind)
    if kernel is None:
        return None
    multiplier, shift = tables.sigmoid_scaling(affine(source).scale, _POWERS_OF_TWO[op.kind])
    table = Constant("table", ConstantKind.CONSTANTS, tables.sigmoid_table)
    values = {"multiplier": multiplier, "shift": shift}
    return kernel.candidate(op, source, result, values, constants=(table,))


def _real(op: Op, source: Tensor, result: Tensor) -> Candidate:
    if op.kind == "LEAKY_RELU":
        values = {"alpha": attributes_of(op, LeakyReluAttributes).alpha}
        return _LEAKY_RELU_REAL.candidate(op, source, result, values)
    return _REAL[op.kind].candidate(op, source, result)


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8, float32 and, but for ELU and HARD_SWISH, int16; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    candidate = None
    if source.dtype is result.dtype is DType.FLOAT32:
        candidate = _real(op, source, result)
    elif is_quantized(source, DType.INT8) and is_quantized(result, DType.INT8):
        candidate = lookup(op, source, result, _table(op, source, result))
    elif is_quantized(source, DType.INT16) and is_quantized(result, DType.INT16):
        candidate = _int16(op, source, result)
    if candidate is None:
        return Refusal("portable", f"{op.kind} has no kernel", f"{source.dtype} to {result.dtype}")
    return [candidate]
