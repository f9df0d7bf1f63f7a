"""RELU and RELU6 that no other op has taken up: firmware/kernels/portable/relu.h."""

from __future__ import annotations

from tinygen.ir import DType, Graph, Tensor
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Proposal, Refusal, Region
from tinygen.kernels.operands import is_quantized
from tinygen.numerics.fixed_point import quantize_multiplier
from tinygen.numerics.quantize import quantize
from tinygen.target import Target

KINDS = ("RELU", "RELU6")


def _kernel(name: str, params: str, instructions: int, code_bytes: int) -> UnaryKernel:
    return UnaryKernel(
        set="portable",
        name=name.replace("_", " ").removesuffix(" s8"),
        header="portable/relu.h",
        function=f"tg_{name}",
        params=params,
        instructions=instructions,
        code_bytes=code_bytes,
    )


_RELU = {
    DType.INT8: _kernel("relu_s8", "tg_relu_params", 22, 146),
    DType.INT16: _kernel("relu_s16", "tg_relu_params", 22, 146),
}
_RELU6 = {
    DType.INT8: _kernel("relu6_s8", "tg_relu6_params", 8, 50),
    DType.INT16: _kernel("relu6_s16", "tg_relu6_params", 8, 50),
}
_REAL = {
    "RELU": _kernel("relu_f32", "tg_relu_f32_params", 8, 40),
    "RELU6": _kernel("relu6_f32", "tg_relu_f32_params", 11, 56),
}


def _relu(source: Tensor, result: Tensor) -> dict[str, int]:
    assert source.quant is not None
    assert result.quant is not None
    multiplier, shift = quantize_multiplier(source.quant.scale / result.quant.scale)
    return {
        "input_zero": source.quant.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero": result.quant.zero_point,
    }


def _relu6(source: Tensor) -> dict[str, int]:
    assert source.quant is not None
    # TFLM takes both limits from the input's quantization and leaves the scale as it is (Relu6Prepare).
    highest = int(quantize(6.0, source.quant.scale, source.quant.zero_point, source.dtype.numpy))
    return {"lowest": source.quant.zero_point, "highest": highest}


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate, for int8, int16 or float32; in place."""
    (op,) = region
    source, result = graph.operand(op, 0), graph.result(op)
    if source.dtype is result.dtype is DType.FLOAT32:
        return [_REAL[op.kind].candidate(op, source, result)]
    dtype = source.dtype
    if dtype not in _RELU or not (is_quantized(source, dtype) and is_quantized(result, dtype)):
        rule = f"{op.kind} takes and gives int8, int16 or float32 tensors"
        return Refusal("portable", rule, f"{source.dtype} to {result.dtype}")
    if op.kind == "RELU":
        return [_RELU[dtype].candidate(op, source, result, _relu(source, result))]
    return [_RELU6[dtype].candidate(op, source, result, _relu6(source))]
