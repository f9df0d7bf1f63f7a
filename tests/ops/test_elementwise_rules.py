"""Rules of operators of two operands, each broken by one case; and what TFLM itself says of the limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.broadcasts import NONE, RELU, binary
from tests.support.op_cases import OpCase, constant, tensor
from tinygen.ir import DType, Quantization
from tinygen.ops.check import check
from tinygen.ops.registry import operators

S8, S16, S32, F32, BOOL = DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL
SAME = ((2, 3), (2, 3))
SCALES = (0.1, 0.1, 0.1)


def broken(case: OpCase) -> list[tuple[str, str]]:
    """(rule, found) of every violation."""
    graph = case.graph
    (op,) = graph.ops
    return [(item.rule, item.found) for item in check(operators()[op.kind], graph, op)]


def scaled_int32(case: OpCase) -> OpCase:
    """`case` with a scale for its first input."""
    first = replace(case.inputs[0], quant=Quantization((0.5,), (0,)))
    return replace(case, inputs=(first, *case.inputs[1:]))


def divided(divisor: list[int], scales: tuple[float, float, float]) -> OpCase:
    """An int8 DIV by a constant with zero point 1."""
    case = binary("DIV", ((3,), (3,)), S8, scales, (5, 1, 0))
    return replace(case, inputs=(case.inputs[0], constant(divisor, S8, scales[1], 1)))


def added(count: int, *, other: OpCase | None = None) -> OpCase:
    """An ADD_N of `count` inputs."""
    inputs = [tensor((2, 3), 0.1, 3) for _ in range(count)]
    return OpCase("ADD_N", tuple(inputs), tensor((2, 3), 0.2))


FUSED = {"fused_activation_function": RELU}

BROKEN = {
    "dtypes": (
        binary("FLOOR_DIV", SAME, S32),
        "The first input, second input and output have one dtype: float32.",
        "first input int32, second input int32, output int32",
    ),
    "int16 that TFLM does not scale": (
        binary("GREATER", SAME, S16, SCALES, result=BOOL),
        "Takes and gives int8 first input, int8 second input, bool output",
        "first input int16, second input int16, output bool",
    ),
    "bool is not ordered": (
        binary("LESS", SAME, BOOL, result=BOOL),
        "Takes and gives int8",
        "first input bool",
    ),
    "rank": (
        binary("SUB", ((1,) * 7, (1,)), S32),
        "The first input has 0 to 6 dimensions, none of size 0.",
        "int32[1,1,1,1,1,1,1]",
    ),
    "no scale": (binary("SUB", SAME, S8), "one scale each", "first input with 0 scales"),
    "scale 0": (
        binary("ADD", SAME, S16, (0.1, 0.0, 0.1)),
        "from 2**-149 to 2**28",
        "second input with scale 0",
    ),
    "small scale of an activation": (
        binary("MUL", SAME, S16, (0.0, 0.1, 1e-43), options=FUSED),
        "The output's scale is 2**-28 or more",
        "RELU, scale 9.9",
    ),
    "int16 zero point": (
        binary("ADD", SAME, S16, SCALES, (0, 4, 0)),
        "Zero points of int16 are 0.",
        "second input with zero point 4",
    ),
    "shapes": (binary("MUL", SAME, S8, SCALES), "broadcast", "[2, 3] and [2, 4]"),
    "scaled int32": (scaled_int32(binary("SUB", SAME, S32)), "Int32 operands have no scale.", "'x0'"),
    "ADD of int32 with an activation": (
        binary("ADD", SAME, S32, options=FUSED),
        "An ADD of int32 has no fused activation.",
        "RELU",
    ),
    "ADD of int16": (binary("ADD", SAME, S16, (0.5, 0.25, 2.0**-15)), "2**-14 times of int16", "factor 1"),
    "SUB of int8": (binary("SUB", SAME, S8, (0.5, 0.25, 2.0**-20)), "2**-19 times", "factor 1"),
    "squared difference": (
        binary("SQUARED_DIFFERENCE", SAME, S16, (2.0**16, 1.0, 2.0)),
        "below 2**30",
        "factor 8.58993e+09",
    ),
    "large comparisons": (
        binary("EQUAL", SAME, S8, (0.5, 1.0, None), result=BOOL),
        "scales of int8 inputs are below 1",
        "scale 1",
    ),
    "DIV by zero": (divided([3, 1, 5], (0.1, 0.1, 0.01)), "no zeros", "a zero"),
    "FLOOR_DIV by zero": (
        replace(
            binary("FLOOR_DIV", SAME, F32), inputs=(tensor((2, 3), dtype=F32), constant([[1, 0, 2]], F32))
        ),
        "A constant divisor has no zeros.",
        "a zero",
    ),
    "DIV with small factors": (
        binary("DIV", SAME, S8, (1.0, 1.0, 1.0)),
        "shifted by 0 to 31 bits",
        "factor 1, shifts 22 to 37",
    ),
    "DIV with large factors": (
        divided([2, 2, 2], (1.0, 2.0**-24, 1.0)),
        "shifted by 0 to 31 bits",
        "factor 1.67772e+07, shifts -2 to 6",
    ),
    "three shapes": (
        OpCase(
            "SELECT_V2",
            (tensor((2, 3), dtype=BOOL), tensor((4, 1), 0.1), tensor((1, 3), 0.1)),
            tensor((2, 3), 0.1),
        ),
        "condition and of both inputs are equal, or broadcast",
        "[2, 3] and [4, 1] and [1, 3]",
    ),
    "too many inputs": (added(9), "there are 8 at most", "9 inputs"),
    "unlike inputs": (
        replace(added(3), inputs=(tensor((2, 3), 0.1, 3), tensor((2, 3), 0.1, 4))),
        "same dtype, shape, scale and zero point",
        "other scales for 'x0' and 'x1'",
    ),
    "unlike shapes": (
        replace(added(3), inputs=(tensor((2, 3), 0.1, 3), tensor((3,), 0.1, 3))),
        "same dtype, shape, scale and zero point",
        "int8[2, 3] and int8[3]",
    ),
}
BROKEN["shapes"] = (
    replace(BROKEN["shapes"][0], inputs=(tensor((2, 3), 0.1), tensor((2, 4), 0.1))),
    *BROKEN["shapes"][1:],
)


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_is_found_broken(name: str) -> None:
    case, rule, found = BROKEN[name]
    ((actual_rule, actual_found),) = broken(case)
    assert rule in actual_rule
    assert found in actual_found


KEPT = [
    binary("ADD", SAME, S32, options={"fused_activation_function": NONE}),
    binary("SUB", SAME, S32, options=FUSED),
    binary("ADD", SAME, F32, options=FUSED),
    binary("MUL", ((2,) * 6, (1,)), S16, SCALES),
    binary("MUL", SAME, S16, (0.1, 0.0, 3.6e-43)),
    binary("ADD", SAME, S16, (3.6e-43, 0.1, 0.1)),
    binary("MINIMUM", SAME, S8),
    binary("DIV", SAME, F32),
    divided([127, 60, 90], (0.05, 0.1, 0.005)),
    binary("GREATER", SAME, DType.INT64, result=BOOL),
    added(8),
]


@pytest.mark.parametrize("case", KEPT, ids=lambda case: f"{case.kind} {case.inputs[0].dtype}")
def test_what_is_supported(case: OpCase) -> None:
    assert broken(case) == []


def test_a_divisor_of_nothing_but_zero_points_is_told_once() -> None:
    found = [rule for rule, _ in broken(divided([1, 1, 1], (0.1, 0.1, 0.001)))]
    assert found == ["A constant divisor of integers has no zeros."]


def test_division_is_exact_at_the_limits_of_the_rule() -> None:
    """A factor of 64 suffices for any divisor, one below does not."""
    scales = (1.0, 0.125, 0.125)
    assert broken(binary("DIV", SAME, S8, scales)) == []
    assert broken(binary("DIV", SAME, S8, (0.99, *scales[1:])))
    assert np.float32(scales[0]) / (scales[1] * scales[2]) == 64
