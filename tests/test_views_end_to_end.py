"""Parts of tensors in place: which layers copy, and that every layer computes what TFLM computes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.host_session import HostSession
from tests.support.op_cases import HOST
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.ir import DType
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import TflmOracle
from tinygen.verify import first_divergence, random_inputs

pytestmark = pytest.mark.oracle


class Network(ModelWriter):
    """Layers on int8 with one scale, so that any of them may be joined."""

    def __init__(self) -> None:
        super().__init__()
        self.random = np.random.default_rng(len("network"))

    def activation(self, name: str, shape: Sequence[int]) -> int:
        return self.tensor(name, shape, scales=0.1, zero_points=-3)

    def image(self, name: str, shape: Sequence[int]) -> int:
        return self.input(name, shape, scales=0.1, zero_points=-3)

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self.tensors[tensor].shape

    def conv(self, name: str, source: int, channels: int, size: int = 1) -> int:
        batch, height, width, depth = self.shape(source)
        values = self.random.integers(-127, 128, (channels, size, size, depth))
        weights = self.constant(f"{name}/filter", values, DType.INT8, 0.002)
        result = self.activation(name, (batch, height, width, channels))
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        self.op("CONV_2D", [source, weights, None], [result], options)
        return result

    def depthwise(self, name: str, source: int) -> int:
        depth = self.shape(source)[-1]
        values = self.random.integers(-127, 128, (1, 3, 3, depth))
        weights = self.constant(f"{name}/filter", values, DType.INT8, (0.004,) * depth, axis=3)
        # TFLM reads the bias of this operator without asking whether there is one.
        bias = self.constant(
            f"{name}/bias", np.zeros(depth), DType.INT32, (np.float32(0.1) * np.float32(0.004),) * depth
        )
        result = self.activation(name, self.shape(source))
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "depth_multiplier": 1}
        self.op("DEPTHWISE_CONV_2D", [source, weights, bias], [result], options)
        return result

    def add(self, name: str, first: int, second: int) -> int:
        result = self.activation(name, self.shape(first))
        self.op("ADD", [first, second], [result], {})
        return result

    def concat(self, name: str, parts: Sequence[int], axis: int = 3) -> int:
        shape = list(self.shape(parts[0]))
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        result = self.activation(name, shape)
        self.op("CONCATENATION", list(parts), [result], {"axis": axis})
        return result

    def split(self, name: str, source: int, count: int, axis: int = 3) -> list[int]:
        shape = list(self.shape(source))
        shape[axis] //= count
        parts = [self.activation(f"{name}/{number}", shape) for number in range(count)]
        self.op(
            "SPLIT",
            [self.constant(f"{name}/axis", np.array(axis), DType.INT32), source],
            parts,
            {"num_splits": count},
        )
        return parts

    def reshape(self, name: str, source: int, shape: Sequence[int]) -> int:
        result = self.activation(name, shape)
        self.op(
            "RESHAPE", [source, self.constant(f"{name}/shape", np.array(shape), DType.INT32)], [result], {}
        )
        return result


def check(data: bytes, folder: Path) -> planning.Plan:
    """Compare every layer and all outputs with TFLM; returns the plan."""
    plan = planning.solve(passes.lower(frontend.parse(data, "m").main), [PORTABLE], HOST)
    library = codegen.generate("m", "0" * 64, plan)
    samples = random_inputs(plan.graph, 2, seed=0)
    oracle = TflmOracle(data)
    session = HostSession(compile_library(library, folder / "traced"))
    assert first_divergence(plan, session, oracle, samples, 1) is None
    for run, outputs in zip(
        oracle.run(samples), run_sanitized(library, folder / "run", samples), strict=True
    ):
        for expected, found in zip(run.outputs, outputs, strict=True):
            assert np.array_equal(expected, found)
    return plan


def kernels(plan: planning.Plan) -> list[str]:
    """What each step calls, shortly."""
    return [step.candidate.name for step in plan.steps]


def test_channels_are_joined_and_split_where_they_are(tmp_path: Path) -> None:
    w = Network()
    image = w.image("image", (1, 5, 6, 3))
    parts = [w.conv("a", image, 4), w.conv("b", image, 8, 3), w.depthwise("c", image)]
    joined = w.concat("joined", parts)
    mixed = w.conv("mixed", joined, 12)
    left, middle, right = w.split("split", mixed, 3)
    ends = [w.conv("left", left, 4), w.depthwise("middle", middle), w.conv("right", right, 4)]
    plan = check(w.finish(ends), tmp_path)
    assert len(plan.steps) == 7
    assert not [name for name in kernels(plan) if name.startswith("rearrange")]
    pitches = [plan.views[key].pitch for key in (*parts, left, middle, right)]
    assert pitches == [15, 15, 15, 12, 12, 12]


def test_what_needs_dense_pixels_gets_a_copy(tmp_path: Path) -> None:
    w = Network()
    image = w.image("image", (1, 5, 6, 8))
    left, right = w.split("split", image, 2)
    wide = w.conv("wide", left, 4, 3)
    total = w.add("total", right, wide)
    joined = w.concat("joined", [total, w.conv("narrow", right, 4)])
    plan = check(w.finish([w.conv("end", joined, 2)]), tmp_path)
    # CONV_2D 3x3 reads rows of pixels and ADD reads all elements as one run.
    names = kernels(plan)
    assert sum(name.startswith("rearrange") for name in names) <= 3
    copied = [step.name for step in plan.steps if step.candidate.name.startswith("rearrange")]
    assert set(copied) <= {"split/0", "split/1", "total"}


def test_inputs_and_outputs_stay_dense(tmp_path: Path) -> None:
    w = Network()
    first, second = w.image("first", (1, 4, 4, 2)), w.image("second", (1, 4, 4, 3))
    joined = w.concat("joined", [first, second, first])
    left, right = w.split("split", w.conv("mixed", joined, 6), 2)
    plan = check(w.finish([left, w.conv("end", right, 2), joined]), tmp_path)
    for key in (*plan.graph.inputs, *plan.graph.outputs):
        tensor = plan.graph.tensors[key]
        assert plan.views[key].pitch == tensor.shape[-1]


def test_rows_of_one_image_take_any_kernel(tmp_path: Path) -> None:
    w = Network()
    old, new = w.image("old", (1, 3, 1, 8)), w.image("new", (1, 2, 1, 8))
    window = w.concat("window", [old, w.add("twice", new, new)], axis=1)
    _, kept = w.split("halves", w.conv("mixed", window, 8, 3), 1, axis=1) * 2
    end = w.reshape("flat", kept, (1, 40))
    plan = check(w.finish([end, window]), tmp_path)
    assert [name for name in kernels(plan) if name.startswith("rearrange")] == []
    assert plan.views[old].offset == 0
    assert plan.address(new) != plan.address(old)


def test_one_tensor_in_two_joins_and_a_join_of_joins(tmp_path: Path) -> None:
    w = Network()
    image = w.image("image", (1, 3, 4, 2))
    one, two = w.conv("one", image, 4), w.conv("two", image, 4)
    first = w.concat("first", [one, two])
    second = w.concat("second", [two, one])
    both = w.concat("both", [first, second, one])
    plan = check(w.finish([w.conv("end", both, 3), w.depthwise("side", first)]), tmp_path)
    # `first` lies in `both`; `two` and `one` are in `first`, and copied to where they come again.
    copies = [name for name in kernels(plan) if name.startswith("rearrange")]
    assert len(copies) <= 3


def test_dense_nets_keep_one_tensor(tmp_path: Path) -> None:
    """Each layer reads everything before it: every concatenation lies in the next one."""
    w = Network()
    features = w.conv("stem", w.image("image", (1, 4, 4, 3)), 4)
    for number in range(4):
        grown = w.conv(f"grow{number}", features, 2)
        features = w.concat(f"features{number}", [features, grown])
    plan = check(w.finish([w.conv("end", features, 2)]), tmp_path)
    assert kernels(plan) == ["conv_2d 1x1"] * 6
