"""Operands, shapes and zero points for op matrices of two broadcast operands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.support.op_cases import OpCase, tensor
from tinygen.ir import DType

NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
"""Fused activations by their number in the schema."""

BROADCASTS = [
    ((4,), (4,)),
    ((), ()),
    ((5,), ()),
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (5,)),
    ((5,), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (1, 1, 1, 1)),
    ((1, 3, 4, 5), (1, 3, 4, 1)),
    ((1, 3, 4, 5), (3, 1, 5)),
    ((1, 3, 4, 5), (1, 1, 4, 1)),
    ((3, 1, 5), (1, 4, 1)),
    ((2, 1, 3, 1, 2), (1, 4, 1, 2, 1)),
    ((2, 1, 3, 1, 2, 1), (1, 2, 1, 3, 1, 2)),
    ((2, 3, 2, 2, 3, 2), (2, 3, 2, 2, 3, 2)),
]
ZERO_POINTS = [(0, 0, 0), (-128, 127, 5), (127, -128, -128), (13, -7, 127)]
"""Of both inputs and the output."""

Shape = Sequence[int]


def binary(
    kind: str,
    shapes: tuple[Shape, Shape],
    dtype: DType,
    scales: Sequence[float | None] = (None, None, None),
    zeros: Sequence[int] = (0, 0, 0),
    *,
    options: Mapping[str, Any] | None = None,
    result: DType | None = None,
) -> OpCase:
    """An op on two activations of `dtype`.

    Args:
        kind: of the operator.
        shapes: of the inputs, which broadcast.
        dtype: of the inputs.
        scales, zeros: of both inputs and the output.
        options: fields of the options table.
        result: dtype of the output; that of the inputs where left out.
    """
    inputs = [tensor(shape, *quant, dtype) for shape, *quant in zip(shapes, scales, zeros, strict=False)]
    output = tensor(np.broadcast_shapes(*shapes), scales[2], zeros[2], result or dtype)
    return OpCase(kind, tuple(inputs), output, options or {})


@st.composite
def broadcast_pairs(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast against each other, of up to five axes."""
    output = draw(st.lists(st.integers(1, 3), min_size=0, max_size=5))
    pair = []
    for _ in range(2):
        kept = draw(st.lists(st.booleans(), min_size=len(output), max_size=len(output)))
        shape = [size if keep else 1 for size, keep in zip(output, kept, strict=True)]
        cut = draw(st.integers(0, len(shape)))
        leading_ones = all(size == 1 for size in shape[:cut])
        pair.append(tuple(shape[cut:] if leading_ones else shape))
    return pair[0], pair[1]
