"""Each rule: an op that keeps all of them, then one change that breaks exactly the named one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from tinygen.ir import Attributes, DType, Graph, Op, Quantization, Tensor
from tinygen.ops.check import check
from tinygen.ops.operator import Operator, attributes_of, rule_hint
from tinygen.ops.rearrange import Strided
from tinygen.ops.registry import operators
from tinygen.ops.softmax import SoftmaxAttributes

Q = Quantization((0.5,), (3,))


@dataclass(frozen=True)
class Sample:
    """An op over its tensors: inputs first, then outputs; `None` inputs are left out."""

    kind: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: dict[str, Any]

    def built(self) -> tuple[Operator, Graph, Op]:
        """The operator, and the op in a graph of its own."""
        operator = operators()[self.kind]
        given = [tensor for tensor in (*self.inputs, *self.outputs) if tensor is not None]
        keys = {id(tensor): number for number, tensor in enumerate(given)}
        tensors = {keys[id(tensor)]: replace(tensor, id=keys[id(tensor)]) for tensor in given}
        inputs = tuple(None if tensor is None else keys[id(tensor)] for tensor in self.inputs)
        outputs = tuple(keys[id(tensor)] for tensor in self.outputs)
        changed = (inputs[at] for at in operator.updates if at < len(inputs))
        updates = tuple(key for key in changed if key is not None and tensors[key].variable)
        op = Op(0, self.kind, inputs, outputs, operator.from_options(self.options), (0,), updates)
        activations = tuple(
            key
            for key in inputs
            if key is not None and tensors[key].data is None and not tensors[key].variable
        )
        return operator, Graph("test", tensors, (op,), activations, outputs), op

    def broken(self) -> list[tuple[str, str]]:
        """(rule, found) of every violation."""
        operator, graph, op = self.built()
        return [(item.rule, item.found) for item in check(operator, graph, op)]

    def with_input(self, index: int, **changes: Any) -> Sample:
        """A copy with one input changed."""
        inputs = list(self.inputs)
        tensor = inputs[index]
        assert tensor is not None
        inputs[index] = replace(tensor, **changes)
        return replace(self, inputs=tuple(inputs))

    def with_output(self, **changes: Any) -> Sample:
        """A copy with the output changed."""
        return replace(self, outputs=(replace(self.outputs[0], **changes),))

    def with_options(self, **changes: Any) -> Sample:
        """A copy with some options changed."""
        return replace(self, options={**self.options, **changes})


def activation(*shape: int, dtype: DType = DType.INT8, quant: Quantization | None = Q) -> Tensor:
    return Tensor(0, "x", shape, dtype, quant)


def constant(values: Any, dtype: DType = DType.INT32, quant: Quantization | None = None) -> Tensor:
    data = np.asarray(values, dtype.numpy)
    return Tensor(0, "c", data.shape, dtype, quant, data)


def variable(*shape: int, dtype: DType = DType.INT8, quant: Quantization | None = Q) -> Tensor:
    initial = np.zeros(shape, dtype.numpy)
    return Tensor(0, "v", shape, dtype, quant, variable=True, initial=initial)


def weights(*shape: int, scales: tuple[float, ...] = (0.1,), axis: int = 0) -> Tensor:
    return constant(np.ones(shape), DType.INT8, Quantization(scales, (0,) * len(scales), axis))


def binary(
    kind: str, dtype: DType = DType.INT8, quant: Quantization = Q, result: DType | None = None
) -> Sample:
    """An op on two activations of one dtype that broadcast."""
    scale = quant if dtype is DType.INT8 else None
    output = activation(2, 3, dtype=result or dtype, quant=None if result else scale)
    inputs = (activation(2, 1, dtype=dtype, quant=scale), activation(1, 3, dtype=dtype, quant=scale))
    return Sample(kind, inputs, (output,), {})


STEPS = {"stride_h": 1, "stride_w": 1, "padding": 1}
FLOATS = activation(2, 3, dtype=DType.FLOAT32, quant=None)
SOFT = Quantization((1 / 256,), (-128,))
SYMMETRIC = Quantization((0.5,), (0,))

MOVEMENT = {
    "CONCATENATION": Sample(
        "CONCATENATION", (activation(2, 3), activation(2, 4)), (activation(2, 7),), {"axis": -1}
    ),
    "SPLIT": Sample(
        "SPLIT", (constant(1), activation(2, 6)), (activation(2, 3), activation(2, 3)), {"num_splits": 2}
    ),
    "SPLIT_V": Sample(
        "SPLIT_V",
        (activation(2, 6), constant([2, 4]), constant(-1)),
        (activation(2, 2), activation(2, 4)),
        {"num_splits": 2},
    ),
    "UNPACK": Sample("UNPACK", (activation(2, 3),), (activation(3), activation(3)), {"axis": -2, "num": 2}),
    "SLICE": Sample(
        "SLICE", (activation(4, 5), constant([1, 0]), constant([2, -1])), (activation(2, 5),), {}
    ),
    "PADV2": Sample(
        "PADV2",
        (activation(2, 3), constant([[1, 0], [0, 2]]), constant(4, DType.INT8, Q)),
        (activation(3, 5),),
        {},
    ),
    "MIRROR_PAD": Sample(
        "MIRROR_PAD", (activation(2, 3), constant([[1, 0], [0, 2]])), (activation(3, 5),), {"mode": 0}
    ),
    "GATHER": Sample(
        "GATHER", (activation(4, 5), constant([3, 0])), (activation(2, 5),), {"axis": 0, "batch_dims": 0}
    ),
    "GATHER_ND": Sample("GATHER_ND", (activation(4, 5), constant([[3], [0]])), (activation(2, 5),), {}),
    "TILE": Sample("TILE", (activation(2, 3), constant([2, 1])), (activation(4, 3),), {}),
    "BROADCAST_TO": Sample("BROADCAST_TO", (activation(1, 3), constant([2, 3])), (activation(2, 3),), {}),
    "BROADCAST_ARGS": Sample(
        "BROADCAST_ARGS",
        (constant([2, 1]), constant([3])),
        (activation(2, dtype=DType.INT32, quant=None),),
        {},
    ),
    "DEPTH_TO_SPACE": Sample(
        "DEPTH_TO_SPACE", (activation(1, 2, 3, 8),), (activation(1, 4, 6, 2),), {"block_size": 2}
    ),
    "SPACE_TO_DEPTH": Sample(
        "SPACE_TO_DEPTH", (activation(1, 4, 6, 2),), (activation(1, 2, 3, 8),), {"block_size": 2}
    ),
    "SPACE_TO_BATCH_ND": Sample(
        "SPACE_TO_BATCH_ND",
        (activation(1, 4, 6, 2), constant([2, 3]), constant([[0, 0], [0, 0]])),
        (activation(6, 2, 2, 2),),
        {},
    ),
    "BATCH_TO_SPACE_ND": Sample(
        "BATCH_TO_SPACE_ND",
        (activation(6, 2, 2, 2), constant([2, 3]), constant([[0, 1], [1, 0]])),
        (activation(1, 3, 5, 2),),
        {},
    ),
    "RESIZE_NEAREST_NEIGHBOR": Sample(
        "RESIZE_NEAREST_NEIGHBOR",
        (activation(1, 2, 3, 4), constant([4, 5])),
        (activation(1, 4, 5, 4),),
        {"align_corners": 0, "half_pixel_centers": 0},
    ),
    "RESIZE_BILINEAR": Sample(
        "RESIZE_BILINEAR",
        (activation(1, 2, 3, 4), constant([4, 5])),
        (activation(1, 4, 5, 4),),
        {"align_corners": 0, "half_pixel_centers": 0},
    ),
    "REVERSE_V2": Sample("REVERSE_V2", (activation(2, 3), constant([1])), (activation(2, 3),), {}),
    "FILL": Sample("FILL", (constant([2, 3]), constant(7, DType.INT8)), (activation(2, 3),), {}),
    "ZEROS_LIKE": Sample("ZEROS_LIKE", (activation(2, 3),), (activation(2, 3),), {}),
    "CAST": Sample("CAST", (activation(2, 3),), (FLOATS,), {}),
    "DYNAMIC_UPDATE_SLICE": Sample(
        "DYNAMIC_UPDATE_SLICE",
        (activation(4, 5), activation(2, 3), constant([1, 1])),
        (activation(4, 5),),
        {},
    ),
    "EMBEDDING_LOOKUP": Sample(
        "EMBEDDING_LOOKUP",
        (activation(3, dtype=DType.INT32, quant=None), constant(np.ones((4, 5)), DType.INT8, SYMMETRIC)),
        (activation(3, 5),),
        {},
    ),
    "REARRANGE": Sample(
        "REARRANGE", (activation(2, 3),), (activation(3, 2),), {"start": 0, "axes": (Strided(6, 1),)}
    ),
    "JOIN": Sample("JOIN", (activation(2, 3), activation(2, 4)), (activation(2, 7),), {}),
}

SAMPLES = {
    "CONV_2D": Sample(
        "CONV_2D",
        (
            activation(1, 5, 6, 2),
            weights(4, 3, 3, 2),
            constant([1, 2, 3, 4], quant=Quantization((0.05,), (0,))),
        ),
        (activation(1, 3, 4, 4),),
        STEPS,
    ),
    "TRANSPOSE_CONV": Sample(
        "TRANSPOSE_CONV",
        (constant([1, 4, 6, 3]), weights(3, 3, 3, 2), activation(1, 2, 3, 2), constant([0, 0, 0])),
        (activation(1, 4, 6, 3),),
        {"stride_h": 2, "stride_w": 2, "padding": 0},
    ),
    "DEPTHWISE_CONV_2D": Sample(
        "DEPTHWISE_CONV_2D",
        (activation(1, 5, 6, 2), weights(1, 3, 3, 4, scales=(0.1, 0.2, 0.3, 0.4), axis=3), None),
        (activation(1, 3, 4, 4),),
        {**STEPS, "depth_multiplier": 2},
    ),
    "FULLY_CONNECTED": Sample(
        "FULLY_CONNECTED",
        (activation(2, 3, 4), weights(5, 12), constant([0] * 5, quant=Quantization((0.05,), (0,)))),
        (activation(2, 5),),
        {},
    ),
    "AVERAGE_POOL_2D": Sample(
        "AVERAGE_POOL_2D",
        (activation(1, 5, 6, 2),),
        (activation(1, 2, 3, 2),),
        {**STEPS, "filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2},
    ),
    "MAX_POOL_2D": Sample(
        "MAX_POOL_2D",
        (activation(1, 5, 6, 2),),
        (activation(1, 5, 6, 2),),
        {**STEPS, "filter_height": 3, "filter_width": 3, "padding": 0},
    ),
    "L2_POOL_2D": Sample(
        "L2_POOL_2D",
        (activation(1, 5, 6, 2, dtype=DType.FLOAT32, quant=None),),
        (activation(1, 3, 3, 2, dtype=DType.FLOAT32, quant=None),),
        {**STEPS, "filter_height": 3, "filter_width": 2, "stride_w": 2},
    ),
    "SOFTMAX": Sample("SOFTMAX", (activation(2, 3),), (activation(2, 3, quant=SOFT),), {"beta": 1.0}),
    "ADD": Sample("ADD", (activation(1, 2, 3), activation(3)), (activation(1, 2, 3),), {}),
    "MUL": Sample("MUL", (activation(2, 1), activation(1, 3)), (activation(2, 3),), {}),
    **{kind: binary(kind) for kind in ("SUB", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM")},
    "DIV": binary("DIV", quant=Quantization((2.0**-9,), (3,))),
    **{kind: binary(kind, DType.FLOAT32) for kind in ("FLOOR_DIV", "FLOOR_MOD")},
    **{kind: binary(kind, DType.BOOL) for kind in ("LOGICAL_AND", "LOGICAL_OR")},
    **{
        kind: binary(kind, result=DType.BOOL)
        for kind in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
    },
    "SELECT_V2": Sample(
        "SELECT_V2",
        (activation(2, 1, dtype=DType.BOOL, quant=None), activation(1, 3), activation(2, 3)),
        (activation(2, 3),),
        {},
    ),
    "ADD_N": Sample("ADD_N", (activation(2, 3), activation(2, 3), activation(2, 3)), (activation(2, 3),), {}),
    "MEAN": Sample(
        "MEAN", (activation(1, 4, 4, 2), constant([1, -2])), (activation(1, 2),), {"keep_dims": False}
    ),
    **{
        kind: Sample(kind, (activation(2, 3, 4), constant(-1)), (activation(2, 3, 1),), {"keep_dims": True})
        for kind in ("SUM", "REDUCE_MAX", "REDUCE_MIN")
    },
    "REDUCE_ALL": Sample(
        "REDUCE_ALL",
        (activation(2, 3, dtype=DType.BOOL, quant=None), constant([0, 1])),
        (activation(dtype=DType.BOOL, quant=None),),
        {},
    ),
    **{
        kind: Sample(
            kind,
            (activation(2, 3, 4), constant([-2])),
            (activation(2, 4, dtype=DType.INT32, quant=None),),
            {},
        )
        for kind in ("ARG_MAX", "ARG_MIN")
    },
    "CUMSUM": Sample("CUMSUM", (activation(2, 3), constant(1)), (activation(2, 3),), {"reverse": True}),
    "PAD": Sample("PAD", (activation(2, 3), constant([[1, 0], [0, 2]])), (activation(3, 5),), {}),
    "TRANSPOSE": Sample("TRANSPOSE", (activation(2, 3), constant([1, 0])), (activation(3, 2),), {}),
    "QUANTIZE": Sample("QUANTIZE", (FLOATS,), (activation(2, 3),), {}),
    "DEQUANTIZE": Sample("DEQUANTIZE", (activation(2, 3),), (FLOATS,), {}),
    "RESHAPE": Sample("RESHAPE", (activation(2, 3), constant([6])), (activation(6),), {}),
    "SQUEEZE": Sample("SQUEEZE", (activation(1, 3, 1),), (activation(1, 3),), {"squeeze_dims": (-1,)}),
    "EXPAND_DIMS": Sample("EXPAND_DIMS", (activation(2, 3), constant(-1)), (activation(2, 3, 1),), {}),
    "SHAPE": Sample("SHAPE", (activation(2, 3),), (activation(2, dtype=DType.INT32, quant=None),), {}),
    "STRIDED_SLICE": Sample(
        "STRIDED_SLICE",
        (activation(4, dtype=DType.INT32, quant=None), constant([1]), constant([2]), constant([1])),
        (activation(dtype=DType.INT32, quant=None),),
        {"shrink_axis_mask": 1},
    ),
    "PACK": Sample(
        "PACK",
        (activation(3, dtype=DType.INT32, quant=None), activation(3, dtype=DType.INT32, quant=None)),
        (activation(3, 2, dtype=DType.INT32, quant=None),),
        {"axis": -1, "values_count": 2},
    ),
    **{
        kind: Sample(kind, (activation(2, 3),), (activation(2, 3),), {})
        for kind in ("ABS", "ELU", "HARD_SWISH", "L2_NORMALIZATION", "RELU", "RELU6", "RSQRT", "TANH")
    },
    **{
        kind: Sample(kind, (FLOATS,), (FLOATS,), {})
        for kind in ("CEIL", "COS", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE")
    },
    "LEAKY_RELU": Sample("LEAKY_RELU", (activation(2, 3),), (activation(2, 3),), {"alpha": 0.5}),
    "LOGICAL_NOT": Sample(
        "LOGICAL_NOT",
        (activation(2, 3, dtype=DType.BOOL, quant=None),),
        (activation(2, 3, dtype=DType.BOOL, quant=None),),
        {},
    ),
    "LOGISTIC": Sample("LOGISTIC", (activation(2, 3),), (activation(2, 3, quant=SOFT),), {}),
    "LOG_SOFTMAX": Sample(
        "LOG_SOFTMAX", (activation(2, 3),), (activation(2, 3, quant=Quantization((1 / 16,), (127,))),), {}
    ),
    "PRELU": Sample("PRELU", (activation(2, 3), activation(3)), (activation(2, 3),), {}),
    "SVDF": Sample(
        "SVDF",
        (
            activation(1, 3),
            weights(4, 3),
            weights(4, 5),
            constant([1, 2], quant=Quantization((0.05,), (0,))),
            variable(1, 20),
        ),
        (activation(1, 2),),
        {"rank": 2},
    ),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Sample(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        (
            activation(1, 4, 3),
            *[weights(2, 3)] * 4,
            *[weights(2, 2)] * 4,
            *[None] * 3,
            *[constant([1, 2])] * 4,
            *[None] * 2,
            variable(1, 2),
            variable(1, 2, dtype=DType.INT16, quant=Quantization((2.0**-12,), (0,))),
            *[None] * 4,
        ),
        (activation(1, 4, 2),),
        {"fused_activation_function": 4, "cell_clip": 10.0},
    ),
    "VIEW": Sample("VIEW", (activation(2, 3),), (activation(3, 2),), {}),
    "TFLM_DECODE": Sample(
        "TFLM_DECODE",
        (
            constant([0b01100000], DType.UINT8),
            constant([0, 1, 0, 0, 1, 1, *(0,) * 10, 7, 9], DType.UINT8),
        ),
        (activation(1, 3),),
        {},
    ),
    "TFLite_Detection_PostProcess": Sample(
        "TFLite_Detection_PostProcess",
        tuple(replace(FLOATS, shape=shape) for shape in ((1, 6, 4), (1, 6, 3), (6, 4))),
        tuple(replace(FLOATS, shape=shape) for shape in ((1, 5, 4), (1, 5), (1, 5), (1,))),
        {
            "max_detections": 5,
            "max_classes_per_detection": 1,
            "num_classes": 2,
            "nms_iou_threshold": 0.5,
            **dict.fromkeys(("y_scale", "x_scale", "h_scale", "w_scale"), 10),
        },
    ),
    **MOVEMENT,
}


ON_VARIABLES = ("ASSIGN", "ASSIGN_VARIABLE", "CALL_ONCE", "CIRCULAR_BUFFER", "READ_VARIABLE", "VAR_HANDLE")
"""See test_resources.py and kernels/portable/test_circular_buffer.py: models of more than one op."""


ON_SUBGRAPHS = ("IF", "WHILE")
"""Their rules look at other graphs of the file: see tests/frontend/test_subgraphs.py."""


def test_there_is_a_sample_of_every_operator() -> None:
    assert sorted([*SAMPLES, *ON_VARIABLES, *ON_SUBGRAPHS]) == list(operators())


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_the_samples_keep_all_rules(kind: str) -> None:
    assert SAMPLES[kind].broken() == []


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_rules_are_sentences_and_most_say_what_to_do(kind: str) -> None:
    operator = operators()[kind]
    assert operator.sentences
    for rule, sentence in zip(operator.form + operator.rules, operator.sentences, strict=True):
        assert sentence[0].isupper() or sentence.startswith("begin")
        assert sentence.endswith(".")
        assert rule_hint(rule).endswith(".")


Change = Callable[[Sample], Sample]

SYMMETRIC = Quantization((0.5,), (0,))
FINE = Quantization((1 / 32768,), (0,))


def wide(sample: Sample) -> Sample:
    """The sample with int16 for int8, its output in units of 1/32768."""
    return sample.with_input(0, dtype=DType.INT16, quant=SYMMETRIC).with_output(dtype=DType.INT16, quant=FINE)


def lstm(sample: Sample, changed: dict[int, Tensor | None]) -> Sample:
    """A copy with some of the inputs replaced."""
    inputs = [changed.get(at, tensor) for at, tensor in enumerate(sample.inputs)]
    return replace(sample, inputs=tuple(inputs))


def many_scales(count: int, axis: int = 0) -> Quantization:
    return Quantization((0.1,) * count, (0,) * count, axis)


CASES: list[tuple[str, str, Change, str, str]] = [
    # operator, name of the case, change, part of the rule, part of what is found
    ("CONV_2D", "no filter", lambda s: replace(s, inputs=s.inputs[:1]), "Has 2 to 3 inputs", "inputs: 1"),
    ("CONV_2D", "filter left out", lambda s: replace(s, inputs=(s.inputs[0], None)), "Has 2 to 3", "input 1"),
    ("CONV_2D", "two outputs", lambda s: replace(s, outputs=s.outputs * 2), "1 output", "outputs: 2"),
    ("CONV_2D", "no output", lambda s: replace(s, outputs=()), "1 output", "outputs: 0"),
    ("CONV_2D", "int16", lambda s: s.with_input(0, dtype=DType.INT16), "int8 input", "input int16"),
    ("CONV_2D", "int16 filter", lambda s: s.with_input(1, dtype=DType.INT16), "int4 filter", "filter int16"),
    ("CONV_2D", "rank 3", lambda s: s.with_input(0, shape=(5, 6, 2)), "has 4 dimensions", "int8[5,6,2]"),
    ("CONV_2D", "empty", lambda s: s.with_input(0, shape=(1, 0, 6, 2)), "none of size 0", "[1,0,6,2]"),
    ("CONV_2D", "no scale", lambda s: s.with_input(0, quant=None), "one scale each", "input with 0 scales"),
    ("CONV_2D", "two scales", lambda s: s.with_output(quant=many_scales(2)), "one scale", "with 2 scales"),
    (
        "CONV_2D",
        "NaN scale",
        lambda s: s.with_input(0, quant=Quantization((float("nan"),), (0,))),
        "one scale each",
        "scale nan",
    ),
    (
        "CONV_2D",
        "zero point",
        lambda s: s.with_input(0, quant=Quantization((0.5,), (200,))),
        "that the dtype holds",
        "zero point 200",
    ),
    (
        "CONV_2D",
        "axis 3",
        lambda s: s.with_input(1, quant=many_scales(2, 3)),
        "axis 0",
        "2 scales along axis 3",
    ),
    (
        "CONV_2D",
        "asymmetric weights",
        lambda s: s.with_input(1, quant=Quantization((0.1,), (4,))),
        "zero points of 0",
        "zero point 4",
    ),
    (
        "CONV_2D",
        "infinite scale",
        lambda s: s.with_input(1, quant=Quantization((float("inf"),), (0,))),
        "one per output channel",
        "scale inf",
    ),
    ("CONV_2D", "weights without scale", lambda s: s.with_input(1, quant=None), "filter has one", "no scale"),
    (
        "CONV_2D",
        "batch",
        lambda s: s.with_input(0, shape=(2, 5, 6, 2)).with_output(shape=(2, 3, 4, 4)),
        "batch size is 1",
        "batch 2",
    ),
    ("CONV_2D", "computed filter", lambda s: s.with_input(1, data=None), "are constant", "filter computed"),
    ("CONV_2D", "groups", lambda s: s.with_input(0, shape=(1, 5, 6, 5)), "into groups", "on 5 channels"),
    ("CONV_2D", "bias", lambda s: s.with_input(2, shape=(3,)), "bias fits", "bias [3] for 4"),
    (
        "CONV_2D",
        "int16 by far",
        lambda s: replace(
            s,
            inputs=(activation(1, 5, 6, 2, dtype=DType.INT16, quant=Quantization((1e3,), (0,))), s.inputs[1]),
            outputs=(activation(1, 3, 4, 4, dtype=DType.INT16, quant=SYMMETRIC),),
        ),
        "below 2**7",
        "factor 200",
    ),
    (
        "TRANSPOSE_CONV",
        "sizes",
        lambda s: s.with_input(0, shape=(3,), data=np.array([1, 4, 6], np.int32)),
        "4 elements",
        "3 elements",
    ),
    (
        "TRANSPOSE_CONV",
        "output",
        lambda s: s.with_input(0, data=np.array([1, 5, 6, 3], np.int32)),
        "follows",
        "[1, 4, 6, 3]",
    ),
    ("TRANSPOSE_CONV", "channels", lambda s: s.with_input(2, shape=(1, 2, 3, 4)), "as many", "on 4 channels"),
    ("TRANSPOSE_CONV", "bias", lambda s: s.with_input(3, shape=(2,)), "as many", "bias [2] for 3"),
    ("TRANSPOSE_CONV", "batch", lambda s: s.with_input(2, shape=(2, 2, 3, 2)), "size is 1", "batch 2"),
    ("CONV_2D", "stride 0", lambda s: s.with_options(stride_h=0), "at least 1", "stride 0x1"),
    ("CONV_2D", "negative", lambda s: s.with_options(dilation_w_factor=-1), "at least 1", "dilation 1x-1"),
    (
        "CONV_2D",
        "does not fit",
        lambda s: s.with_options(dilation_h_factor=3),
        "fits",
        "window 3x3 on input 5x6",
    ),
    ("CONV_2D", "tanh", lambda s: s.with_options(fused_activation_function=4), "fused activation", "TANH"),
    (
        "CONV_2D",
        "bias scale",
        lambda s: s.with_input(2, quant=Quantization((0.07,), (0,))),
        "bias's scales",
        "0.04 output steps",
    ),
    (
        "CONV_2D",
        "bias scales",
        lambda s: s.with_input(2, quant=many_scales(4)),
        "bias's scales",
        "4 scales for 1",
    ),
    (
        "CONV_2D",
        "shape",
        lambda s: s.with_output(shape=(1, 5, 6, 4)),
        "follows",
        "[1, 5, 6, 4] where [1, 3, 4, 4]",
    ),
    (
        "CONV_2D",
        "factor",
        lambda s: s.with_input(1, quant=Quantization((2.0**31,), (0,))).with_input(2, quant=None),
        "below 2**30",
        "factor 2.1",
    ),
    (
        "DEPTHWISE_CONV_2D",
        "multiplier",
        lambda s: s.with_options(depth_multiplier=1),
        "depth multiplier",
        "on 2",
    ),
    (
        "DEPTHWISE_CONV_2D",
        "bias",
        lambda s: replace(s, inputs=(*s.inputs[:2], constant([1, 2]))),
        "bias [C']",
        "bias [2] for 4",
    ),
    ("FULLY_CONNECTED", "rows", lambda s: s.with_input(0, shape=(2, 3, 5)), "whole number", "[2, 3, 5]"),
    ("FULLY_CONNECTED", "kept", lambda s: s.with_options(keep_num_dims=True), "whole number", "[2, 3, 4]"),
    ("FULLY_CONNECTED", "bias", lambda s: s.with_input(2, shape=(4,)), "bias has one", "bias [4]"),
    (
        "FULLY_CONNECTED",
        "unscaled",
        lambda s: s.with_input(2, quant=None),
        "bias's scales",
        "output steps away",
    ),
    ("AVERAGE_POOL_2D", "no window", lambda s: s.with_options(filter_width=0), "at least 1", "window 2x0"),
    (
        "AVERAGE_POOL_2D",
        "scales",
        lambda s: s.with_output(quant=Quantization((0.6,), (3,))),
        "same scale",
        "(0.5, 3) and (0.6, 3)",
    ),
    (
        "SOFTMAX",
        "row",
        lambda s: s.with_input(0, shape=(1, 4096)).with_output(shape=(1, 4096)),
        "at most 4095 elements",
        "4096 elements",
    ),
    ("SOFTMAX", "output", lambda s: s.with_output(quant=Q), "1/256", "scale 0.5, zero point 3"),
    ("SOFTMAX", "beta", lambda s: s.with_options(beta=float("inf")), "factor beta", "beta inf"),
    ("SOFTMAX", "no beta", lambda s: replace(s, options={}), "factor beta", "beta 0"),
    ("ADD", "shapes", lambda s: s.with_input(1, shape=(2,)), "broadcast", "[1, 2, 3] and [2]"),
    (
        "ADD",
        "factor",
        lambda s: s.with_output(quant=Quantization((2.0**-21,), (0,))),
        "2**-19",
        "factor 2",
    ),
    (
        "MUL",
        "one int32",
        lambda s: s.with_input(1, dtype=DType.INT32),
        "have one dtype: int8, int16, int32 or float32",
        "second input int32",
    ),
    ("MEAN", "axis", lambda s: s.with_input(1, data=np.array([1, 4])), "axes are dimensions", "axis 4 of 4"),
    ("MEAN", "computed axes", lambda s: s.with_input(1, data=None), "is constant", "axis list computed"),
    ("PAD", "negative", lambda s: s.with_input(1, data=np.array([[1, 0], [-1, 2]])), "not negative", "-1, 2"),
    (
        "PAD",
        "shape",
        lambda s: replace(s, inputs=(s.inputs[0], constant([[1, 0]]))),
        "each dimension",
        "[1, 2]",
    ),
    ("TRANSPOSE", "twice", lambda s: s.with_input(1, data=np.array([0, 0])), "names each", "[0, 0] for 2"),
    ("QUANTIZE", "uint8", lambda s: s.with_output(dtype=DType.UINT8), "float32 input, int8", "output uint8"),
    ("DEQUANTIZE", "scale", lambda s: s.with_input(0, quant=None), "The input has one scale,", "0 scales"),
    (
        "RESHAPE",
        "elements",
        lambda s: s.with_output(shape=(5,)),
        "as many elements",
        "int8[2, 3] and int8[5]",
    ),
    (
        "SQUEEZE",
        "size",
        lambda s: s.with_options(squeeze_dims=(1,)),
        "size 1 are",
        "dimension 1 of [1, 3, 1]",
    ),
    ("SQUEEZE", "range", lambda s: s.with_options(squeeze_dims=(9,)), "size 1 are", "dimension 9"),
    ("EXPAND_DIMS", "axis", lambda s: s.with_input(1, data=np.array(-4)), "-rank-1", "axis -4 for 2"),
    (
        "EXPAND_DIMS",
        "axes",
        lambda s: replace(s, inputs=(s.inputs[0], constant([0, 1]))),
        "axis is one number",
        "2 axes",
    ),
    ("SHAPE", "int64", lambda s: s.with_output(dtype=DType.INT64), "int32 output", "output int64"),
    ("STRIDED_SLICE", "stride", lambda s: s.with_input(3, data=np.array([0])), "no stride is 0", "stride 0"),
    (
        "STRIDED_SLICE",
        "entries",
        lambda s: replace(s, inputs=(*s.inputs[:3], constant([1, 1]))),
        "one entry per dimension",
        "[1, 1, 2] entries for 1",
    ),
    ("STRIDED_SLICE", "ellipsis", lambda s: s.with_options(ellipsis_mask=1), "masks", "ellipsis_mask 1"),
    (
        "STRIDED_SLICE",
        "nothing",
        lambda s: s.with_input(1, data=np.array([4])),
        "at least one",
        "dimension 0",
    ),
    ("PACK", "count", lambda s: s.with_options(values_count=3), "values_count", "2 inputs, values_count 3"),
    ("PACK", "shapes", lambda s: s.with_input(1, shape=(4,)), "of one shape", "int32[4]"),
    ("PACK", "axis", lambda s: s.with_options(axis=2), "dimension of the output", "axis 2 of 2"),
    ("RELU", "int32", lambda s: s.with_input(0, dtype=DType.INT32), "int8 input", "input int32"),
    (
        "TANH",
        "asymmetric",
        lambda s: wide(s).with_input(0, quant=Q),
        "Zero points of int16",
        "input with zero point 3",
    ),
    ("TANH", "int16 output", lambda s: wide(s).with_output(quant=SYMMETRIC), "1/32768", "scale 0.5"),
    (
        "TANH",
        "coarse",
        lambda s: wide(s).with_input(0, quant=Quantization((3.0,), (0,))),
        "below 2.66",
        "scale 3",
    ),
    ("LOGISTIC", "output", lambda s: s.with_output(quant=Q), "zero point -128", "zero point 3"),
    ("LEAKY_RELU", "slope", lambda s: s.with_options(alpha=float("nan")), "finite", "alpha nan"),
    ("LEAKY_RELU", "factor", lambda s: s.with_options(alpha=-2.0e9), "below 2**30", "factor 2e+09"),
    (
        "HARD_SWISH",
        "scales",
        lambda s: s.with_output(quant=Quantization((2.0**-9,), (0,))),
        "128 times",
        "scales 0.5 and 0.00195312",
    ),
    (
        "RSQRT",
        "factor",
        lambda s: s.with_output(quant=Quantization((2.0**14,), (0,))),
        "2**-11",
        "factor 8.6",
    ),
    (
        "L2_NORMALIZATION",
        "activation",
        lambda s: s.with_options(fused_activation_function=1),
        "no fused",
        "RELU",
    ),
    (
        "L2_NORMALIZATION",
        "row",
        lambda s: s.with_input(0, shape=(1, 32769)).with_output(shape=(1, 32769)),
        "at most 32768",
        "32769 elements",
    ),
    ("LOG_SOFTMAX", "output", lambda s: s.with_output(quant=Q), "1/16", "scale 0.5, zero point 3"),
    (
        "LOG_SOFTMAX",
        "row",
        lambda s: s.with_input(0, shape=(1, 4096)).with_output(shape=(1, 4096)),
        "at most 4095",
        "4096 elements",
    ),
    (
        "LOG_SOFTMAX",
        "scale",
        lambda s: s.with_input(0, quant=Quantization((2.0**-25,), (0,))),
        "above 2**-25",
        "scale 2.98",
    ),
    (
        "SOFTMAX",
        "int16 input",
        lambda s: wide(s).with_output(quant=FINE).with_input(0, quant=Q),
        "int16 input has zero point 0",
        "zero point 3",
    ),
    (
        "SOFTMAX",
        "int16 scale",
        lambda s: wide(s).with_output(quant=FINE).with_input(0, quant=Quantization((6.0,), (0,))),
        "below 5 for int16",
        "beta 1, scale 6",
    ),
    ("PRELU", "shape", lambda s: s.with_input(1, shape=(4,)), "broadcast", "[2, 3] and [4]"),
    (
        "TFLM_DECODE",
        "alone",
        lambda s: replace(s, inputs=s.inputs[:1]),
        "two inputs for each output",
        "inputs: 1, outputs: 1",
    ),
    ("TFLM_DECODE", "computed", lambda s: s.with_input(0, data=None), "inputs are constant", "input 0"),
    (
        "TFLM_DECODE",
        "short",
        lambda s: s.with_output(shape=(1, 9)),
        "decode type is LUT",
        "1 bytes of indices for 9 elements",
    ),
    (
        "TFLite_Detection_PostProcess",
        "int8",
        lambda s: s.with_input(1, dtype=DType.INT8),
        "float32 class scores",
        "class scores int8",
    ),
    (
        "TFLite_Detection_PostProcess",
        "anchors",
        lambda s: s.with_input(2, shape=(5, 4)),
        "anchors [boxes, 4]",
        "[1, 6, 4], [1, 6, 3] and [5, 4] for 2 classes",
    ),
    (
        "TFLite_Detection_PostProcess",
        "classes",
        lambda s: s.with_options(num_classes=4),
        "class scores [1, boxes, classes]",
        "for 4 classes",
    ),
    (
        "TFLite_Detection_PostProcess",
        "intersection",
        lambda s: s.with_options(nms_iou_threshold=1.5),
        "above 0 and at most 1",
        "1.5",
    ),
    (
        "TFLite_Detection_PostProcess",
        "none",
        lambda s: s.with_options(max_detections=0),
        "at least one detection",
        "max_detections 0",
    ),
    (
        "TFLite_Detection_PostProcess",
        "several classes",
        lambda s: s.with_options(max_classes_per_detection=2),
        "one class of each box",
        "max_classes_per_detection 2",
    ),
    (
        "TFLite_Detection_PostProcess",
        "none a class",
        lambda s: s.with_options(use_regular_nms=True, detections_per_class=0),
        "at least one detection",
        "detections_per_class 0",
    ),
    ("SVDF", "state", lambda s: s.with_input(4, variable=False, initial=None), "state is a variable", "none"),
    ("SVDF", "rank", lambda s: s.with_options(rank=3), "have the shapes", "rank 3 of 4"),
    (
        "SVDF",
        "features",
        lambda s: replace(s, inputs=(activation(1, 4), *s.inputs[1:])),
        "have the shapes",
        "[4, 3] and time weights [4, 5] on 4 features",
    ),
    (
        "SVDF",
        "memory",
        lambda s: replace(s, inputs=(*s.inputs[:4], variable(1, 24))),
        "have the shapes",
        "state [1, 24] for 4 filters of 5",
    ),
    (
        "SVDF",
        "units",
        lambda s: replace(
            s, inputs=(*s.inputs[:3], constant([1], quant=Quantization((0.05,), (0,))), s.inputs[4])
        ),
        "have the shapes",
        "bias [1] for 2 units",
    ),
    (
        "SVDF",
        "bias",
        lambda s: replace(s, inputs=(*s.inputs[:3], None, s.inputs[4])),
        "has a bias",
        "no bias",
    ),
    (
        "SVDF",
        "bias scale",
        lambda s: s.with_input(3, quant=Quantization((0.06,), (0,))),
        "the state's times that of the time weights",
        "scale 0.06",
    ),
    (
        "SVDF",
        "zero point",
        lambda s: s.with_input(1, quant=Quantization((0.1,), (1,))),
        "quantized weights are 0",
        "zero point 1",
    ),
    (
        "SVDF",
        "factor",
        lambda s: s.with_input(0, quant=Quantization((2.0**28,), (0,))).with_input(
            1, quant=Quantization((2.0**2,), (0,))
        ),
        "below 2**30",
        "factors 2.14748e+09",
    ),
    ("SVDF", "activation", lambda s: s.with_options(fused_activation_function=3), "NONE or RELU", "RELU6"),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "operands",
        lambda s: replace(s, inputs=s.inputs[:20]),
        "plain",
        "20 inputs",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "peephole",
        lambda s: lstm(s, {10: weights(2)}),
        "plain",
        "peephole weights",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "variants",
        lambda s: lstm(s, {16: weights(2, 2), 23: weights(2)}),
        "plain",
        "a projection, layer normalization",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "gate",
        lambda s: lstm(s, {1: None}),
        "plain",
        "no input gate's weights",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "state",
        lambda s: s.with_input(19, variable=False, initial=None),
        "two variables",
        "1 variables",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "bias dtype",
        lambda s: lstm(s, {13: constant([1, 2], DType.INT64)}),
        "biases are int32",
        "forget gate's bias int64",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "weights dtype",
        lambda s: lstm(s, {8: constant([[1, 2]] * 2, DType.INT16, Quantization((0.1,), (0,)))}),
        "All weights are int8",
        "output gate's recurrent weights int16",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "weights",
        lambda s: lstm(s, {3: weights(2, 4)}),
        "have the shapes",
        "cell gate's weights [2, 4] for 3 inputs and 2 units",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "batches",
        lambda s: s.with_options(time_major=True),
        "have the shapes",
        "hidden state [1, 2] for 4 batches of 2 units",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "scales",
        lambda s: lstm(s, {2: weights(2, 3, scales=(0.1, 0.2))}),
        "each has one scale",
        "forget gate's weights with 2 scales",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "zero point",
        lambda s: s.with_input(4, quant=Quantization((0.1,), (1,))),
        "Zero points of weights",
        "output gate's weights with zero point 1",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "cell",
        lambda s: s.with_input(19, quant=Quantization((2.0,), (0,))),
        "scale is at most 1",
        "scale 2",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "output",
        lambda s: s.with_output(quant=SOFT),
        "the scale and zero point of the hidden state",
        "0.00390625 and -128, not 0.5 and 3",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "activation",
        lambda s: s.with_options(fused_activation_function=1),
        "is TANH",
        "RELU",
    ),
    (
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "clip",
        lambda s: s.with_options(cell_clip=-1),
        "negative",
        "cell_clip -1",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[1]}")
def test_each_rule_is_found_broken(case: tuple[str, str, Change, str, str]) -> None:
    kind, _, change, rule, found = case
    ((told, instead),) = change(SAMPLES[kind]).broken()
    assert rule in told
    assert found in instead


def test_all_further_rules_are_told_at_once() -> None:
    sample = SAMPLES["CONV_2D"].with_options(stride_h=0, fused_activation_function=4).with_input(1, data=None)
    found = [instead for _, instead in sample.broken()]
    assert found == ["filter computed at run time", "stride 0x1", "TANH"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("CONV_2D", {"padding": 2}),
        ("CONV_2D", {"fused_activation_function": 6}),
        ("ADD", {"fused_activation_function": -1}),
        ("FULLY_CONNECTED", {"weights_format": 1}),
        ("STRIDED_SLICE", {"offset": True}),
        ("TFLite_Detection_PostProcess", {"max_detections": -1}),
        ("TFLite_Detection_PostProcess", {"y_scale": 0}),
        ("TFLite_Detection_PostProcess", {"nms_iou_threshold": float("inf")}),
    ],
)
def test_options_outside_the_schema_are_value_errors(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\d|offset|inf"):
        operators()[kind].from_options(options)


def test_attributes_of_the_wrong_type_are_a_defect() -> None:
    with pytest.raises(TypeError, match="op 0 SOFTMAX has Attributes, not SoftmaxAttributes"):
        attributes_of(Op(0, "SOFTMAX", (), (), Attributes()), SoftmaxAttributes)


@pytest.mark.parametrize(
    ("kind", "macs"),
    [
        ("CONV_2D", 3 * 4 * 4 * 3 * 3 * 2),
        ("DEPTHWISE_CONV_2D", 3 * 4 * 4 * 3 * 3),
        ("FULLY_CONNECTED", 2 * 5 * 12),
        ("MAX_POOL_2D", 0),
    ],
)
def test_macs(kind: str, macs: int) -> None:
    operator, graph, op = SAMPLES[kind].built()
    assert operator.macs(graph, op) == macs


def malformed_tensor(rng: np.random.Generator) -> Tensor:
    """Any small tensor, constant or not, sensible or not."""
    dtype = rng.choice([DType.INT8, DType.INT8, DType.INT8, DType.INT32, DType.FLOAT32])
    shape = tuple(int(size) for size in rng.choice([0, 1, 1, 2, 3], rng.integers(0, 6)))
    quants = [None, Q, SOFT, Quantization((0.0,), (0,)), many_scales(3, int(rng.integers(0, 5)))]
    data = rng.integers(-5, 6, shape).astype(dtype.numpy) if rng.random() < 0.5 else None
    return Tensor(0, "t", shape, dtype, quants[rng.integers(0, len(quants))], data)


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_no_rule_raises_on_a_malformed_op(kind: str) -> None:
    rng = np.random.default_rng(list(kind.encode()))
    good = SAMPLES[kind]
    for _ in range(400):
        # Some operands stay as they are, so that the later rules are reached too.
        inputs = [item if rng.random() < 0.7 else malformed_tensor(rng) for item in good.inputs]
        inputs = inputs[: rng.integers(0, 5)] if rng.random() < 0.2 else inputs
        inputs = [None if rng.random() < 0.1 else item for item in inputs]
        outputs = [item if rng.random() < 0.7 else malformed_tensor(rng) for item in good.outputs]
        options = {
            name: int(rng.integers(-1, 2)) if isinstance(value, int) and rng.random() < 0.3 else value
            for name, value in good.options.items()
        }
        try:
            sample = replace(good, inputs=tuple(inputs), outputs=tuple(outputs), options=options)
            operator, graph, op = sample.built()
        except ValueError:
            continue  # an enumeration's value outside the schema
        violations = check(operator, graph, op)
        assert all(violation.rule.endswith(".") and violation.found for violation in violations)
        if not violations:
            known = [None if tensor is None else tensor.data for tensor in sample.inputs]
            values = operator.evaluate(graph, op, known) if operator.evaluate else None
            assert operator.macs(graph, op) >= 0
            assert values is None or tuple(value.shape for value in values) == operator.infer(graph, op)
