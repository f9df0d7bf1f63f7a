"""Rules of pools, reductions, ARG_MAX, ARG_MIN and CUMSUM that are theirs alone, each broken by one case."""

from __future__ import annotations

import pytest

from tests.support.op_cases import OpCase, constant, tensor
from tinygen.ir import DType
from tinygen.ops.check import check
from tinygen.ops.registry import operators

F32, S16, S32 = DType.FLOAT32, DType.INT16, DType.INT32


def pool(kind: str, dtype: DType, scale: float | None, activation: int = 0) -> OpCase:
    """A pool of 2x2 windows."""
    options = {"filter_height": 2, "filter_width": 2, "stride_h": 1, "stride_w": 1, "padding": 1}
    return OpCase(
        kind,
        (tensor((1, 3, 3, 2), scale, dtype=dtype),),
        tensor((1, 2, 2, 2), scale, dtype=dtype),
        {**options, "fused_activation_function": activation},
    )


def arg(axis: object, output: DType = S32) -> OpCase:
    """ARG_MAX of a matrix."""
    return OpCase("ARG_MAX", (tensor((2, 3), 0.1), constant(axis)), tensor((2,), dtype=output))


def reduced(kind: str, scales: tuple[float, float], zeros: tuple[int, int] = (0, 0)) -> OpCase:
    """A reduction of int8 rows."""
    source, result = (pair for pair in zip(scales, zeros, strict=True))
    return OpCase(kind, (tensor((2, 3), *source), constant([1])), tensor((2,), *result))


BROKEN = {
    "pool of int32": (
        pool("MAX_POOL_2D", S32, None),
        "have one dtype: int8, int16 or float32.",
        "input int32, output int32",
    ),
    "quantized norm": (pool("L2_POOL_2D", DType.INT8, 0.1), "have one dtype: float32.", "input int8"),
    "activation of a tiny scale": (
        pool("AVERAGE_POOL_2D", S16, 1e-40, activation=1),
        "The output's scale is 2**-28 or more",
        "RELU, scale",
    ),
    "other scale": (reduced("REDUCE_MAX", (0.1, 0.2)), "same scale and zero point", "(0.2"),
    "other zero point": (reduced("REDUCE_MIN", (0.5, 0.5), (1, 2)), "same scale", "(0.5, 1) and (0.5, 2)"),
    "sum out of scale": (reduced("SUM", (2.0**10, 2.0**-20)), "below 2**30", "factor 1.07374e+09"),
    "five axes of float32": (
        OpCase(
            "MEAN",
            (tensor((1, 2, 1, 2, 1), dtype=F32), constant([0, 1, 2, 3, 4])),
            tensor((), dtype=F32),
        ),
        "A MEAN of float32 names 4 axes at most.",
        "5 axes",
    ),
    "int64 index": (arg(1, DType.INT64), "Takes and gives int8 input, int32 axis, int32 output", "int64"),
    "two axes": (arg([0, 1]), "There is one axis, a dimension of the input.", "2 axes"),
    "no such axis": (arg(2), "There is one axis", "axis 2 of 2 dimensions"),
    "cumulated int16": (
        OpCase("CUMSUM", (tensor((3,), 0.1, dtype=S16), constant(0)), tensor((3,), 0.1, dtype=S16)),
        "Takes and gives int8 input, int32 axis, int8 output",
        "input int16",
    ),
    "cumulated out of scale": (
        OpCase("CUMSUM", (tensor((3,), 1.0), constant(0)), tensor((3,), 2.0**-20)),
        "above 2**-19 times",
        "factor 2",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_is_found_broken(name: str) -> None:
    case, rule, found = BROKEN[name]
    graph = case.graph
    ((actual_rule, actual_found),) = [
        (item.rule, item.found) for item in check(operators()[case.kind], graph, graph.ops[0])
    ]
    assert rule in actual_rule
    assert found in actual_found
