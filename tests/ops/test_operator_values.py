"""Constant evaluation: exact with TFLM where TFLM computes the operator, else with numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tests.support.tflite_writer import ModelWriter
from tinygen.frontend import parse
from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.ops.operator import Operator
from tinygen.ops.registry import operators
from tinygen.oracle.tflm import TflmOracle, installed

EDGES = np.array([-128, -127, -1, 0, 1, 126, 127], np.int8)

Branch = Callable[[ModelWriter], tuple[int, list[Array]]]
"""Adds inputs and an op to a model; returns its output and the inputs' values."""


def random_int8(seed: int, shape: tuple[int, ...]) -> Array:
    values = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
    values.reshape(-1)[: EDGES.size] = EDGES[: values.size]
    return values


def arithmetic(kind: str, seed: int) -> Branch:
    """ADD or MUL over random scales and zero points, with and without broadcasting."""

    def branch(w: ModelWriter) -> tuple[int, list[Array]]:
        rng = np.random.default_rng(seed)
        first, second = [((2, 5, 8), (2, 5, 8)), ((4, 8), (1, 8)), ((3, 1, 7), (3, 5, 1))][seed % 3]
        scales = [float(np.float32(scale)) for scale in rng.uniform(0.002, 0.2, 3)]
        zeros = [int(zero) for zero in rng.integers(-128, 128, 3)]
        a = w.input("a", first, scales=scales[0], zero_points=zeros[0])
        b = w.input("b", second, scales=scales[1], zero_points=zeros[1])
        y = w.tensor("y", np.broadcast_shapes(first, second), scales=scales[2], zero_points=zeros[2])
        activation = ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"][seed % 4]
        w.op(kind, [a, b], [y], {"fused_activation_function": activation})
        return y, [random_int8(seed, first), random_int8(seed + 99, second)]

    return branch


def requantize(source: float, target: float) -> Branch:
    """QUANTIZE from int8 to int8, every value."""

    def branch(w: ModelWriter) -> tuple[int, list[Array]]:
        x = w.input("x", (256,), scales=source, zero_points=-7)
        y = w.tensor("y", (256,), scales=target, zero_points=20)
        w.op("QUANTIZE", [x], [y])
        return y, [np.arange(-128, 128).astype(np.int8)]

    return branch


def quantize(w: ModelWriter) -> tuple[int, list[Array]]:
    x = w.input("x", (1000,), DType.FLOAT32)
    y = w.tensor("y", (1000,), scales=0.3, zero_points=-11)
    w.op("QUANTIZE", [x], [y])
    reals = np.random.default_rng(0).normal(0, 20, 1000).astype(np.float32)
    reals[:4] = [0.15, -0.15, 6e8, -6e8]
    return y, [reals]


def dequantize(w: ModelWriter) -> tuple[int, list[Array]]:
    x = w.input("x", (256,), scales=0.3, zero_points=-11)
    y = w.tensor("y", (256,), DType.FLOAT32)
    w.op("DEQUANTIZE", [x], [y])
    return y, [np.arange(-128, 128).astype(np.int8)]


def pad(w: ModelWriter) -> tuple[int, list[Array]]:
    x = w.input("x", (1, 2, 3, 2), scales=0.3, zero_points=-11)
    pads = w.constant("p", np.array([[0, 0], [1, 2], [0, 1], [0, 3]]), DType.INT32)
    y = w.tensor("y", (1, 5, 4, 5), scales=0.3, zero_points=-11)
    w.op("PAD", [x, pads], [y])
    return y, [random_int8(1, (1, 2, 3, 2))]


def transpose(w: ModelWriter) -> tuple[int, list[Array]]:
    x = w.input("x", (2, 3, 4, 5), scales=0.3)
    perm = w.constant("p", np.array([3, 0, 2, 1]), DType.INT32)
    y = w.tensor("y", (5, 2, 4, 3), scales=0.3)
    w.op("TRANSPOSE", [x, perm], [y])
    return y, [random_int8(1, (2, 3, 4, 5))]


def sliced(bounds: Sequence[tuple[int, int]], shape: tuple[int, ...], **masks: int) -> Branch:
    """STRIDED_SLICE of a 4x6 matrix by (begin, end, strides), each for both dimensions."""

    def branch(w: ModelWriter) -> tuple[int, list[Array]]:
        x = w.input("x", (4, 6), DType.INT32)
        tables = [w.constant("bound", np.array(values), DType.INT32) for values in bounds]
        y = w.tensor("y", shape, DType.INT32)
        w.op("STRIDED_SLICE", [x, *tables], [y], masks)
        return y, [np.arange(24, dtype=np.int32).reshape(4, 6)]

    return branch


BRANCHES: Mapping[str, Branch] = {
    **{f"{kind} {seed}": arithmetic(kind, seed) for kind in ("ADD", "MUL") for seed in range(12)},
    **{
        f"requantize {a} to {b}": requantize(a, b)
        for a, b in ((0.1, 0.1), (0.1, 0.037), (0.02, 1.5), (3, 0.5))
    },
    "quantize": quantize,
    "dequantize": dequantize,
    "pad": pad,
    "transpose": transpose,
    "slice": sliced([(1, 0), (3, 6), (1, 2)], (2, 3)),
    "slice backwards": sliced([(-1, 5), (-5, 0), (-1, -2)], (4, 3)),
    "slice backwards to the end": sliced([(-1, 5), (0, 0), (-1, -2)], (4, 3), end_mask=3),
    "slice from the start": sliced([(2, 2), (0, 3), (1, 1)], (4, 1), begin_mask=1, end_mask=1),
    "slice one row": sliced([(-2, 1), (0, 100), (1, 1)], (5,), shrink_axis_mask=1),
}


@pytest.fixture(scope="module")
def reference() -> Mapping[str, Array]:
    """What TFLM computes for every branch, all in one model."""
    w = ModelWriter()
    outputs, values = [], []
    for branch in BRANCHES.values():
        output, given = branch(w)
        outputs.append(output)
        values += given
    (run,) = TflmOracle(w.finish(outputs)).run([values])
    return dict(zip(BRANCHES, run.outputs, strict=True))


@pytest.mark.oracle
@pytest.mark.skipif(not installed(), reason="the tflite-micro wheel is not installed")
@pytest.mark.parametrize("name", BRANCHES)
def test_values_are_those_of_tflm(name: str, reference: Mapping[str, Array]) -> None:
    w = ModelWriter()
    output, values = BRANCHES[name](w)
    assert evaluated(w.finish([output]), values).tobytes() == reference[name].tobytes()


def evaluated(data: bytes, values: Sequence[Array]) -> Array:
    """The only op of a model, evaluated on the values of its activations and on its constants."""
    graph = parse(data, "model").main
    (op,) = graph.ops
    given = dict(zip(graph.inputs, values, strict=True))
    known = [None if key is None else given.get(key, graph.tensors[key].data) for key in op.inputs]
    operator = operators()[op.kind]
    assert operator.evaluate is not None
    result = operator.evaluate(graph, op, known)
    assert result is not None
    (value,) = result
    assert value.dtype == graph.result(op).dtype.numpy
    assert value.shape == graph.result(op).shape
    return value


@pytest.mark.parametrize(
    ("kind", "options", "shape"),
    [
        ("RESHAPE", {"new_shape": (3, 2)}, (3, 2)),
        ("SQUEEZE", {"squeeze_dims": (0,)}, (2, 3, 1)),
        ("SQUEEZE", {}, (2, 3)),
    ],
)
def test_shapes_change_and_values_stay(kind: str, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    w = ModelWriter()
    x = w.input("x", (1, 2, 3, 1), scales=0.3)
    y = w.tensor("y", shape, scales=0.3)
    w.op(kind, [x], [y], options)
    values = random_int8(1, (1, 2, 3, 1))
    np.testing.assert_array_equal(evaluated(w.finish([y]), [values]), values.reshape(shape))


def test_expand_dims() -> None:
    w = ModelWriter()
    x = w.input("x", (2, 3), scales=0.3)
    axis = w.constant("axis", np.array([-2]), DType.INT32)
    y = w.tensor("y", (2, 1, 3), scales=0.3)
    w.op("EXPAND_DIMS", [x, axis], [y])
    values = random_int8(1, (2, 3))
    np.testing.assert_array_equal(evaluated(w.finish([y]), [values]), values[:, None])


@pytest.mark.parametrize(("axis", "shape"), [(0, (2, 3)), (-1, (3, 2))])
def test_pack(axis: int, shape: tuple[int, ...]) -> None:
    w = ModelWriter()
    parts = [w.input(name, (3,), DType.INT32) for name in "ab"]
    y = w.tensor("y", shape, DType.INT32)
    w.op("PACK", parts, [y], {"axis": axis, "values_count": 2})
    values = [np.array([1, 2, 3], np.int32), np.array([4, 5, 6], np.int32)]
    np.testing.assert_array_equal(evaluated(w.finish([y]), values), np.stack(values, axis))


def single(kind: str) -> tuple[Operator, Graph, Op]:
    """An op on two activations whose values are not known."""
    tensors = {key: Tensor(key, "t", (2, 3), DType.INT8) for key in range(3)}
    op = Op(0, kind, (0, 1), (2,))
    return operators()[kind], Graph("g", tensors, (op,), (0, 1), (2,)), op


@pytest.mark.parametrize(
    "kind",
    sorted(
        kind
        for kind, operator in operators().items()
        if operator.evaluate and kind not in ("SHAPE", "ZEROS_LIKE")
    ),
)
def test_unknown_inputs_have_no_value(kind: str) -> None:
    operator, graph, op = single(kind)
    assert operator.evaluate is not None
    assert operator.evaluate(graph, op, [None, None]) is None


def test_the_shape_of_an_unknown_input_is_known() -> None:
    operator, graph, op = single("SHAPE")
    assert operator.evaluate is not None
    result = operator.evaluate(graph, op, [None])
    assert result is not None
    assert result[0].tolist() == [2, 3]
    assert result[0].dtype == np.int32


@pytest.mark.parametrize("real", [np.nan, np.inf, -1e9, 1e30])
def test_reals_that_tflm_leaves_undefined_are_not_folded(real: float) -> None:
    w = ModelWriter()
    x = w.input("x", (1,), DType.FLOAT32)
    y = w.tensor("y", (1,), scales=0.3)
    w.op("QUANTIZE", [x], [y])
    graph = parse(w.finish([y]), "model").main
    operator = operators()["QUANTIZE"]
    assert operator.evaluate is not None
    assert operator.evaluate(graph, graph.ops[0], [np.array([real], np.float32)]) is None
