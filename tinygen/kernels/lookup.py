"""Functions by table: firmware/kernels/lookup.h."""

from __future__ import annotations

from collections.abc import Callable

from tinygen.ir import Array, Op, Tensor
from tinygen.kernels.elementwise import UnaryKernel
from tinygen.kernels.interface import Candidate, Constant, ConstantKind
from tinygen.numerics.tables import Affine

TABLE_BYTES = 256

_INSTRUCTIONS = 5
_CODE_BYTES = 38


def affine(tensor: Tensor) -> Affine:
    """The quantization of a tensor as a whole.

    Raises:
        ValueError: where it has none.
    """
    if tensor.quant is None:
        raise ValueError(f"tensor {tensor.id} is not quantized")
    return Affine(tensor.quant.scale, tensor.quant.zero_point)


def lookup(op: Op, source: Tensor, result: Tensor, table: Callable[[], Array]) -> Candidate:
    """The candidate that looks each int8 value up; in place.

    Args:
        op: the op.
        source: its input, of int8.
        result: its output, of int8.
        table: makes the 256 results, for 0..127 and then -128..-1.
    """
    kernel = UnaryKernel(
        set="portable",
        name=f"{op.kind.lower()} table",
        header="lookup.h",
        function="tg_lookup_s8",
        params="tg_lookup_params",
        instructions=_INSTRUCTIONS,
        code_bytes=_CODE_BYTES,
        constant_bytes=TABLE_BYTES,
        proof="a table of TFLM's result for each of the 256 values",
    )
    constant = Constant("table", ConstantKind.CONSTANTS, table, align=1)
    return kernel.candidate(op, source, result, constants=(constant,))
