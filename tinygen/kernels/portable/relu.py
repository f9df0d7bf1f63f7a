"""RELU and RELU6 that no other op has taken up: firmware/kernels/portable/relu.h."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Graph, Quantization
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.operands import is_int8
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import quantize
from tinygen.target import Target

KINDS = ("RELU", "RELU6")

_RELU = UnaryKernel(
    set="portable",
    name="relu",
    header="portable/relu.h",
    function="tg_relu_s8",
    params="tg_relu_params",
    instructions=25,
    code_bytes=146,
)
_RELU6 = UnaryKernel(
    set="portable",
    name="relu6",
    header="portable/relu.h",
    function="tg_relu6_s8",
    params="tg_relu6_params",
    instructions=10,
    code_bytes=50,
)


def _relu(source: Quantization, result: Quantization) -> dict[str, int]:
    # TFLM divides the scales in float32 here, unlike everywhere else (CalculateReluOpData in
    # tensorflow/lite/micro/kernels/activations_common.cc).
    multiplier, shift = quantize_multiplier(float(np.float32(source.scale) / np.float32(result.scale)))
    return {
        "input_zero": source.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero": result.zero_point,
    }


def _relu6(source: Quantization) -> dict[str, int]:
    # TFLM takes both limits from the input's quantization and leaves the scale as it is (Relu6Prepare).
    highest = int(quantize(6.0, source.scale, source.zero_point, np.int8))
    return {"lowest": source.zero_point, "highest": highest}


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if not (is_int8(source) and is_int8(result)):
        return Refusal(
            "portable", f"{op.kind} takes and gives int8 tensors", f"{source.dtype} to {result.dtype}"
        )
    assert source.quant is not None
    assert result.quant is not None
    if op.kind == "RELU":
        return [_RELU.candidate(op, source, result, _relu(source.quant, result.quant))]
    return [_RELU6.candidate(op, source, result, _relu6(source.quant))]
