"""Inputs and outputs: what they are called in C, and what the header says of them."""

from __future__ import annotations

import numpy as np

from tinygen.codegen import literals, names
from tinygen.codegen.library import Port
from tinygen.codegen.view import PortView
from tinygen.ir import DType, Tensor, format_type

_HELPER_TYPES = (DType.INT8, DType.INT16, DType.UINT8)


def ports(model: str, word: str, tensors: tuple[Tensor, ...]) -> tuple[Port, ...]:
    """Names for the inputs or outputs of a model; numbered where there are several.

    Args:
        model: the model's name.
        word: "input" or "output".
        tensors: in the model's order.
    """
    made = []
    for number, tensor in enumerate(tensors):
        stem = word if len(tensors) == 1 else f"{word}_{number}"
        made.append(
            Port(
                name=tensor.name,
                function=f"{model}_{stem}",
                macro=f"{model}_{stem}".upper(),
                c_type=names.c_type(tensor.dtype),
                dtype=tensor.dtype,
                shape=tensor.shape,
                quant=tensor.quant,
                bytes=tensor.bytes,
            )
        )
    return tuple(made)


def view(port: Port, tensor: Tensor, address: str) -> PortView:
    """The port as the templates see it.

    Args:
        port: from `ports`.
        tensor: the tensor it is for.
        address: C expression of its first element.
    """
    quant = None if port.quant is None or port.quant.per_channel else port.quant
    helper = quant is not None and quant.scale > 0 and port.dtype in _HELPER_TYPES
    limits = np.iinfo(port.dtype.numpy) if helper else None
    return PortView(
        title=names.comment(port.name),
        type_text=format_type(tensor),
        function=port.function,
        macro=port.macro,
        c_type=port.c_type,
        address=address,
        size=tensor.elements,
        bytes=port.bytes,
        shape=port.shape,
        scale=literals.float32(quant.scale) if quant else "",
        zero_point=literals.bracketed(quant.zero_point) if quant else "",
        lowest=literals.integer(int(limits.min)) if limits else "",
        highest=literals.integer(int(limits.max)) if limits else "",
    )
