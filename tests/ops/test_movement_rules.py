"""Rules of operators that move elements, each broken by one case."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.test_operator_rules import SAMPLES, Change, Q, activation
from tinygen.ir import DType, Quantization
from tinygen.ops.operator import Operator
from tinygen.ops.resize import ResizeAttributes, between_integers, nearest

OTHER = Quantization((0.25,), (3,))


def values(index: int, data: object) -> Change:
    """Other values of a constant operand."""

    def change(sample):
        array = np.asarray(data, sample.inputs[index].data.dtype)
        return sample.with_input(index, data=array, shape=array.shape)

    return change


def option(**changes: int) -> Change:
    """Other options."""
    return lambda sample: sample.with_options(**changes)


def computed(index: int) -> Change:
    """A constant operand that is computed instead."""
    return lambda sample: sample.with_input(index, data=None)


def dtype(index: int, other: DType) -> Change:
    """An operand of another dtype."""
    return lambda sample: sample.with_input(index, dtype=other)


def inputs(*shapes: tuple[int, ...]) -> Change:
    """Activations of other shapes."""

    def change(sample):
        return type(sample)(
            sample.kind, tuple(activation(*shape) for shape in shapes), sample.outputs, sample.options
        )

    return change


def int16_pair(sample):
    pair = tuple(activation(2, 3, dtype=DType.INT16) for _ in range(2))
    return type(sample)(sample.kind, pair, (activation(2, 6, dtype=DType.INT16),), sample.options)


S16, S64, U8, BOOL = DType.INT16, DType.INT64, DType.UINT8, DType.BOOL

CASES: list[tuple[str, Change, str, str]] = [
    # operator, change, part of the rule, part of what is found
    ("CONCATENATION", inputs(*[(2, 1)] * 11), "Has 1 to 10 inputs", "inputs: 11"),
    ("CONCATENATION", dtype(1, S16), "the output's dtype", "int16[2, 4]"),
    ("CONCATENATION", inputs((2, 3), (2, 4, 1)), "dimension of the inputs", "[[2, 3], [2, 4, 1]]"),
    ("CONCATENATION", inputs((2, 3), (3, 4)), "other dimensions are equal", "[[2, 3], [3, 4]]"),
    ("CONCATENATION", option(axis=2), "axis is a dimension", "axis 2 of 2"),
    ("CONCATENATION", option(fused_activation_function=1), "no fused activation", "RELU"),
    ("CONCATENATION", lambda s: s.with_input(1, quant=OTHER), "Inputs of int8", "(0.25, 3) into (0.5, 3)"),
    ("CONCATENATION", int16_pair, "int16 tensors are 0", "zero points [3, 3, 3]"),
    ("PACK", inputs((3,), (3,)), "the output's dtype", "int8[3]"),
    ("SPLIT", values(0, 2), "axis is a dimension", "axis 2 of 2"),
    ("SPLIT", values(0, [0, 1]), "axis is one number", "2 numbers"),
    ("SPLIT", computed(0), "axis is constant", "computed"),
    ("SPLIT", option(num_splits=3), "num_splits outputs", "2 outputs of num_splits 3"),
    ("SPLIT", dtype(1, BOOL), "int8, int16, int32 or float32", "input bool"),
    ("SPLIT_V", values(2, -3), "axis is a dimension", "axis -3 of 2"),
    ("SPLIT_V", option(num_splits=1), "num_splits outputs", "[2, 4] of 6"),
    ("SPLIT_V", lambda s: s.with_output(shape=(2, 3)), "add up", "[3] of 6"),
    ("SPLIT_V", lambda s: s.with_output(dtype=S16), "one dtype", "output int16"),
    ("UNPACK", option(axis=2), "axis is a dimension", "axis 2 of 2"),
    ("UNPACK", option(num=3), "one for each index", "2 outputs of num 3, size 2"),
    ("SLICE", values(2, [4, -1]), "inside of the input", "1 to 5 of 4"),
    ("SLICE", values(1, [-1, 0]), "inside of the input", "-1 to 1 of 4"),
    ("SLICE", values(1, [1]), "one number for each dimension", "[1, 2] numbers for 2"),
    ("SLICE", dtype(0, U8), "one dtype", "input uint8"),
    ("STRIDED_SLICE", dtype(0, S64), "one dtype", "input int64"),
    ("TRANSPOSE", dtype(0, DType.INT32), "int8, int16 or float32", "input int32"),
    ("EXPAND_DIMS", dtype(0, DType.INT32), "int8, int16 or float32", "input int32"),
    ("PADV2", values(2, [1, 2]), "value is one element", "2 values"),
    ("PADV2", lambda s: s.with_input(2, quant=OTHER), "output's scale", "(0.25, 3) and (0.5, 3)"),
    ("PAD", lambda s: s.with_output(quant=Quantization((0.5,), (200,))), "int8 can hold", "zero point 200"),
    ("MIRROR_PAD", values(1, [[2, 0], [0, 0]]), "one shorter with REFLECT", "padding 2, 0 of 2"),
    ("MIRROR_PAD", values(1, [[0, 0]]), "each dimension", "[1, 2] for 2"),
    ("GATHER", option(axis=2), "axis is a dimension", "axis 2 of 2"),
    ("GATHER", option(batch_dims=1), "both inputs share", "batch_dims 1"),
    ("GATHER", values(1, [4, 0]), "inside of the axis", "index 4 of 4"),
    ("GATHER_ND", values(1, [[3, 0, 0]]), "at most as many", "3 indices for 2"),
    ("GATHER_ND", values(1, [[-1], [0]]), "inside of their dimensions", "index -1 of"),
    ("TILE", values(1, [0, 1]), "at least 1", "multiple 0"),
    ("BROADCAST_TO", values(1, [2, 4]), "dimensions are 1 or the last", "[1, 3] to [2, 4]"),
    ("BROADCAST_ARGS", values(0, [2, 2]), "broadcast as in numpy", "[2, 2] and [3]"),
    ("DEPTH_TO_SPACE", option(block_size=3), "divide by its square", "block 3, 8 channels"),
    ("SPACE_TO_DEPTH", option(block_size=4), "height and width divide", "block 4, 4x6"),
    ("SPACE_TO_DEPTH", option(block_size=0), "at least 1", "block 0"),
    ("SPACE_TO_BATCH_ND", values(1, [2, 4]), "divide by the block size", "size 6, block 4"),
    ("SPACE_TO_BATCH_ND", values(1, [2]), "Rows and columns have", "block [2]"),
    ("SPACE_TO_BATCH_ND", values(2, [[2, 0], [0, 0]]), "its zero point is 0", "zero point 3"),
    ("BATCH_TO_SPACE_ND", values(1, [2, 2]), "batch divides", "batch 6, block [2, 2]"),
    ("BATCH_TO_SPACE_ND", values(2, [[2, 2], [0, 0]]), "leave pixels", "[0, 6] pixels"),
    ("RESIZE_NEAREST_NEIGHBOR", values(1, [4]), "a height and a width", "size [4]"),
    ("RESIZE_BILINEAR", option(align_corners=1, half_pixel_centers=1), "Not both", "both are set"),
    ("RESIZE_BILINEAR", dtype(0, S16), "int8 or float32", "input int16"),
    ("REVERSE_V2", values(1, [2]), "dimensions of the input", "axis 2 of 2"),
    ("REVERSE_V2", values(1, [0, 0]), "none named twice", "axes [0, 0]"),
    ("FILL", values(0, [2, 0]), "below 1", "size 0"),
    ("FILL", computed(0), "shape is constant", "computed"),
    ("CAST", lambda s: s.with_output(dtype=S64), "Takes and gives", "output int64"),
    (
        "DYNAMIC_UPDATE_SLICE",
        lambda s: s.with_input(1, shape=(5, 3)),
        "none of them longer",
        "[5, 3] in [4, 5]",
    ),
    ("DYNAMIC_UPDATE_SLICE", values(2, [1]), "one number for each", "[1] numbers for 2"),
    ("EMBEDDING_LOOKUP", lambda s: s.with_output(dtype=S16), "Takes and gives", "output int16"),
    (
        "EMBEDDING_LOOKUP",
        lambda s: s.with_input(1, quant=Q).with_output(dtype=DType.FLOAT32, quant=None),
        "dequantized has a zero point of 0",
        "zero point 3",
    ),
    ("REARRANGE", option(start=1), "is one of the input's", "positions 1 to 6 of 6"),
    ("JOIN", inputs((2, 3), (3, 4)), "equally many rows", "[[2, 3], [3, 4]]"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[3]}")
def test_each_rule_is_found_broken(case: tuple[str, Change, str, str]) -> None:
    kind, change, rule, found = case
    ((told, instead),) = change(SAMPLES[kind]).broken()
    assert rule in told
    assert found in instead


def test_three_axes_that_are_no_neighbours() -> None:
    sample = SAMPLES["REVERSE_V2"]
    wide = sample.with_input(0, shape=(2, 3, 4)).with_output(shape=(2, 3, 4))
    changed = values(1, [0, 2])(wide)
    assert changed.broken() == [
        ("The axes are dimensions of the input, each next to another one, none named twice.", "axes [0, 2]")
    ]


def test_a_scale_that_rounds_out_of_the_input_is_refused() -> None:
    """2 pixels to 2049: 1024/2048 is rounded up to 1/1024 a step, which leads to pixel 2."""
    attributes = ResizeAttributes(align_corners=True, half_pixel_centers=False)
    assert between_integers(2, 2048, attributes)[-1].lower == 1
    assert between_integers(2, 2049, attributes)[-1].lower == 2
    sample = SAMPLES["RESIZE_BILINEAR"].with_options(align_corners=1).with_input(0, shape=(1, 2, 2, 1))
    wide = values(1, [1, 2049])(sample).with_output(shape=(1, 1, 2049, 1))
    ((rule, instead),) = wide.broken()
    assert "inside of the input" in rule
    assert instead == "2 to 2049"


def test_nearest_rounds_halves_away_from_zero() -> None:
    assert nearest(3, 5, ResizeAttributes(True, False)) == [0, 1, 1, 2, 2]
    assert nearest(3, 5, ResizeAttributes(False, False)) == [0, 0, 1, 1, 2]


def test_operators_that_move_are_folded() -> None:
    kinds = ("SPLIT", "SPLIT_V", "UNPACK", "SLICE", "TILE", "REVERSE_V2", "GATHER", "MIRROR_PAD")
    for kind in kinds:
        operator, graph, op = SAMPLES[kind].built()
        assert isinstance(operator, Operator)
        assert operator.evaluate is not None
        rng = np.random.default_rng(0)
        known = [
            tensor.data if tensor.data is not None else rng.integers(-9, 9, tensor.shape).astype(np.int8)
            for tensor in (graph.operand(op, index) for index in range(len(op.inputs)))
        ]
        found = operator.evaluate(graph, op, known)
        assert found is not None
        assert [value.shape for value in found] == [graph.tensors[key].shape for key in op.outputs]
        assert all(value.dtype == np.int8 for value in found)
