"""Every tensor that passes keep equals TFLM's, for a network on which each pass has something to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.fake_kernels import HOST
from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.tflite_writer import ModelWriter
from tinygen.frontend import parse
from tinygen.ir import Array, DType, Graph
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle.tflm import TflmOracle
from tinygen.passes import lower
from tinygen.planning import Plan, solve

ZERO, SCALE = 9, 0.05


class _Network:
    """Layers with random weights on activations that all have one scale and zero point."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.writer = ModelWriter()

    def activation(self, shape: list[int]) -> int:
        return self.writer.tensor(f"t{len(self.writer.tensors)}", shape, DType.INT8, SCALE, ZERO)

    def op(self, kind: str, inputs: list[int], shape: list[int], **options: object) -> int:
        output = self.activation(shape)
        self.writer.op(kind, inputs, [output], options or None)
        return output

    def pad(self, source: int, amounts: list[list[int]]) -> int:
        shape = [
            size + low + high
            for size, (low, high) in zip(self.writer.tensors[source].shape, amounts, strict=True)
        ]
        return self.op("PAD", [source, self.writer.constant("p", np.array(amounts), DType.INT32)], shape)

    def linear(self, kind: str, source: int, weights: list[int], out: list[int], **options: object) -> int:
        depth = weights[-1] if kind == "DEPTHWISE_CONV_2D" else weights[0]
        filters = self.random.integers(-127, 128, weights)
        bias = self.random.integers(-2000, 2000, depth)
        w = self.writer.constant("w", filters, DType.INT8, 0.01)
        b = self.writer.constant("b", bias, DType.INT32, 0.01 * SCALE)
        return self.op(kind, [source, w, b], out, **options)


def network(seed: int) -> bytes:
    net = _Network(seed)
    window = {"stride_h": 1, "stride_w": 1, "padding": "VALID"}
    dilated = {"dilation_h_factor": 1, "dilation_w_factor": 1}
    source = net.writer.input("x", [1, 7, 6, 3], DType.INT8, scales=SCALE, zero_points=ZERO)
    padded = net.pad(source, [[0, 0], [1, 2], [0, 1], [0, 0]])
    left = net.linear("CONV_2D", padded, [4, 3, 3, 3], [1, 8, 5, 4], **window, **dilated)
    left = net.op("RELU", [left], [1, 8, 5, 4])
    right = net.linear(
        "DEPTHWISE_CONV_2D", padded, [1, 3, 3, 3], [1, 8, 5, 3], **window, **dilated, depth_multiplier=1
    )
    right = net.op("RELU6", [right], [1, 8, 5, 3])
    right = net.linear("CONV_2D", right, [4, 1, 1, 3], [1, 8, 5, 4], **window, **dilated)
    joined = net.op("RELU", [net.op("ADD", [left, right], [1, 8, 5, 4])], [1, 8, 5, 4])
    wide = net.pad(joined, [[0, 0], [0, 0], [0, 1], [0, 0]])
    pooled = net.op(
        "AVERAGE_POOL_2D",
        [wide],
        [1, 4, 3, 4],
        **{**window, "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2},
    )
    clipped = net.op("RELU6", [pooled], [1, 4, 3, 4])
    same = net.linear(
        "DEPTHWISE_CONV_2D",
        clipped,
        [1, 3, 3, 4],
        [1, 4, 3, 4],
        **{**window, "padding": "SAME"},
        **dilated,
        depth_multiplier=1,
    )
    scaled = net.op("RELU", [net.op("MUL", [same, clipped], [1, 4, 3, 4])], [1, 4, 3, 4])
    flat = net.op("RESHAPE", [scaled, net.writer.constant("s", np.array([1, 48]), DType.INT32)], [1, 48])
    last = net.op("RELU", [net.linear("FULLY_CONNECTED", flat, [5, 48], [1, 5])], [1, 5])
    return net.writer.finish([last, joined])


def run(plan: Plan, inputs: dict[int, Array], folder: Path) -> dict[int, Array]:
    """Values of all tensors, computed by the plan's kernels one after the other."""
    library = KernelLibrary([KernelCase(plan.graph, step.candidate) for step in plan.steps], folder)
    values = dict(inputs)
    steps = {key: step.index for step in plan.steps for key in step.candidate.covers}
    for op in plan.graph.ops:
        if op.id in steps:
            values.update(library.run(steps[op.id], values))
        else:
            assert op.kind == "VIEW"
            view = plan.graph.result(op)
            values[view.id] = values[op.inputs[0] or 0].reshape(view.shape)
    return values


def origins(graph: Graph) -> dict[int, int]:
    """Source tensor by activation, for those that can be compared."""
    return {
        key: tensor.origin.tensor
        for key, tensor in graph.tensors.items()
        if tensor.origin is not None and not tensor.is_constant
    }


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(3))
def test_lowered_network_computes_what_tflm_computes(seed: int, tmp_path: Path) -> None:
    data = network(seed)
    graph = parse(data, "network").main
    plan = solve(lower(graph), [PORTABLE], HOST)
    kinds = {op.kind for op in plan.graph.ops}
    assert kinds == {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "ADD",
        "PAD",
        "AVERAGE_POOL_2D",
        "MUL",
        "VIEW",
        "FULLY_CONNECTED",
    }
    assert len(plan.graph.ops) == len(graph.ops) - 7
    observed = origins(plan.graph)
    sample = np.random.default_rng(seed).integers(-128, 128, (1, 7, 6, 3)).astype(np.int8)
    (expected,) = TflmOracle(data).run([[sample]], list(observed.values()))
    values = run(plan, {plan.graph.inputs[0]: sample}, tmp_path)
    compared = 0
    for key, source in observed.items():
        if source in expected.tensors:
            np.testing.assert_array_equal(values[key], expected.tensors[source], str(key))
            assert len(np.unique(values[key])) > 1
            compared += 1
    assert compared >= len(plan.graph.ops)
    for key, output in zip(plan.graph.outputs, expected.outputs, strict=True):
        np.testing.assert_array_equal(values[key], output)
