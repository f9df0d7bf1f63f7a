"""Constant values of operators of two operands are those that TFLM computes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.broadcasts import NONE, RELU6, binary
from tests.support.op_cases import OpCase, tensor, tflm_outputs
from tinygen.ir import DType
from tinygen.ops.registry import operators

S8, S16, S32, F32 = DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32
SHAPES = ((3, 1, 50), (2, 50))
UNSCALED = (None, None, None)
SCALES = {S8: (0.02, 0.3, 0.11), S16: (0.02, 0.3, 0.11)}
ZEROS = {S8: (13, -7, 100)}


def fused(kind: str, dtype: DType, activation: int) -> OpCase:
    """An op with a fused activation."""
    options = {"fused_activation_function": activation}
    return binary(
        kind, SHAPES, dtype, SCALES.get(dtype, UNSCALED), ZEROS.get(dtype, (0,) * 3), options=options
    )


def select(dtype: DType) -> OpCase:
    """SELECT_V2 of three shapes."""
    inputs = (tensor((50,), dtype=DType.BOOL), tensor((3, 1, 50), dtype=dtype), tensor((2, 1), dtype=dtype))
    return OpCase("SELECT_V2", inputs, tensor((3, 2, 50), dtype=dtype))


CASES = [
    *[fused(kind, dtype, NONE) for kind in ("ADD", "SUB", "MUL") for dtype in (S8, S16, S32, F32)],
    *[fused(kind, dtype, RELU6) for kind in ("ADD", "SUB", "MUL") for dtype in (S8, S16, F32)],
    *[fused(kind, S32, RELU6) for kind in ("SUB", "MUL", "DIV")],
    *[fused("DIV", dtype, NONE) for dtype in (S32, F32)],
    *[
        binary(kind, SHAPES, dtype, SCALES.get(dtype, UNSCALED))
        for kind in ("MAXIMUM", "MINIMUM")
        for dtype in (S8, S16, S32, DType.INT64, F32)
    ],
    select(F32),
]


@pytest.mark.oracle
def test_values_are_those_of_tflm() -> None:
    rng = np.random.default_rng(0)
    values = [case.random_inputs(rng) for case in CASES]
    (expected,) = tflm_outputs(CASES, [values])
    for case, given, wanted in zip(CASES, values, expected, strict=True):
        graph = case.graph
        (op,) = graph.ops
        evaluate = operators()[op.kind].evaluate
        assert evaluate is not None
        found = evaluate(graph, op, [given[key] for key in range(len(case.inputs))])
        assert found is not None
        assert found[0].shape == graph.result(op).shape
        assert found[0].dtype == wanted.dtype
        assert found[0].tobytes() == wanted.tobytes(), f"{case.kind} {case.inputs[0].dtype}"


def test_scalars_wrap_around_silently() -> None:
    case = binary("MUL", ((), ()), S32, options={"fused_activation_function": NONE})
    graph = case.graph
    (op,) = graph.ops
    evaluate = operators()["MUL"].evaluate
    assert evaluate is not None
    known = [np.array(value, np.int32) for value in (1 << 30, 6)]
    found = evaluate(graph, op, known)
    assert found is not None
    assert found[0].tolist() == -(1 << 31)


def test_int8_quotients_are_left_to_the_kernel() -> None:
    case = binary("DIV", ((2,), (2,)), S8, (1.0, 0.1, 0.1))
    values = np.array([1, 2], np.int8)
    fixed = replace(case, inputs=tuple(replace(item, data=values) for item in case.inputs))
    graph = fixed.graph
    evaluate = operators()["DIV"].evaluate
    assert evaluate is not None
    assert evaluate(graph, graph.ops[0], [values, values]) is None
