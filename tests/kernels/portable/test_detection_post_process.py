"""TFLite_Detection_PostProcess against TFLM: encodings, ties, thresholds, both ways of suppression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flatbuffers import flexbuffers

from tests.support.host_library import compile_library, run_sanitized
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.codegen import Library
from tinygen.ir import Array, DType
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import TflmOracle
from tinygen.target import Compiler, Target

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))
OPTIONS = {
    "max_detections": 5,
    "max_classes_per_detection": 1,
    "num_classes": 3,
    "nms_score_threshold": 0.3,
    "nms_iou_threshold": 0.5,
    "y_scale": 10.0,
    "x_scale": 10.0,
    "h_scale": 5.0,
    "w_scale": 5.0,
}


@dataclass(frozen=True)
class Case:
    """A detector's head; `quantized` puts DEQUANTIZE before it, as converters do."""

    boxes: int
    options: dict[str, Any]
    encoding: int = 4
    background: bool = True
    quantized: bool = True

    @property
    def regular(self) -> bool:
        return bool(self.options.get("use_regular_nms"))

    @property
    def shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of the box encodings and of the class scores."""
        classes = self.options["num_classes"] + self.background
        return (1, self.boxes, self.encoding), (1, self.boxes, classes)

    def write(self, w: ModelWriter) -> list[int]:
        """Add the head to a model; returns its outputs."""
        rows = self.options["max_detections"]
        anchors = np.random.default_rng(self.boxes).uniform(0.05, 0.95, (self.boxes, 4))
        operands = [
            self._operand(w, "boxes", self.shapes[0], 0.4, -7),
            self._operand(w, "scores", self.shapes[1], 1 / 256, -128),
            w.constant("anchors", anchors.astype(np.float32), DType.FLOAT32),
        ]
        results = [
            w.tensor(name, shape, DType.FLOAT32)
            for name, shape in (("b", (1, rows, 4)), ("c", (1, rows)), ("s", (1, rows)), ("n", (1,)))
        ]
        custom = bytes(flexbuffers.Dumps(self.options))
        w.op("TFLite_Detection_PostProcess", operands, results, custom_options=custom)
        return results

    def _operand(self, w: ModelWriter, name: str, shape: tuple[int, ...], scale: float, zero: int) -> int:
        if not self.quantized:
            return w.input(name, shape, DType.FLOAT32)
        given = w.input(f"{name}8", shape, scales=scale, zero_points=zero)
        real = w.tensor(name, shape, DType.FLOAT32)
        w.op("DEQUANTIZE", [given], [real], {})
        return real

    def sample(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Random inputs; quantized scores fall on few values, so that many are equal."""
        encodings = rng.integers(-50, 50, self.shapes[0])
        if self.quantized:
            scores = rng.integers(-16, 16, self.shapes[1]) * 8
            return encodings.astype(np.int8), scores.astype(np.int8)
        scores = rng.uniform(0, 1, self.shapes[1])
        return (encodings * 0.3).astype(np.float32), scores.astype(np.float32)


def model(*cases: Case) -> bytes:
    """A model of several heads."""
    w = ModelWriter()
    return w.finish([output for case in cases for output in case.write(w)])


def library(*cases: Case) -> Library:
    read = frontend.survey(model(*cases), "detector").model
    plan = planning.solve(passes.lower(read.main), [PORTABLE], HOST)
    return codegen.generate("detector", read.sha256, plan)


def options(**changes: Any) -> dict[str, Any]:
    return {**OPTIONS, **changes}


CASES = {
    "fast": Case(40, OPTIONS),
    "fast, float": Case(40, OPTIONS, quantized=False),
    "fast, no background": Case(25, options(num_classes=4), background=False),
    "fast, keypoints": Case(12, options(num_classes=2, nms_iou_threshold=0.1), encoding=7),
    "fast, one class": Case(30, options(num_classes=1, max_classes_per_detection=9)),
    "fast, all scores": Case(30, options(nms_score_threshold=-1.0, nms_iou_threshold=1.0)),
    "fast, no score": Case(9, options(nms_score_threshold=2.0)),
    "fast, 1 box": Case(1, options(max_detections=1)),
    "regular": Case(40, options(use_regular_nms=True)),
    "regular, float": Case(40, options(use_regular_nms=True), quantized=False),
    "regular, few a class": Case(30, options(use_regular_nms=True, detections_per_class=2)),
    "regular, many": Case(24, options(use_regular_nms=True, max_detections=30, nms_iou_threshold=0.9)),
    "regular, no background": Case(24, options(use_regular_nms=True, num_classes=5), background=False),
    "regular, no score": Case(9, options(use_regular_nms=True, nms_score_threshold=2.0)),
}


def detections(case: Case, outputs: Sequence[Array]) -> list[bytes]:
    """The outputs' bytes; after fast suppression those of the rows that hold detections."""
    boxes, classes, scores, number = outputs
    rows = boxes.shape[1] if case.regular else int(number[0])
    return [values[0, :rows].tobytes() for values in (boxes, classes, scores)] + [number.tobytes()]


@pytest.mark.oracle
def test_detections_are_those_of_tflm(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cases = tuple(CASES.values())
    samples = [[value for case in cases for value in case.sample(rng)] for _ in range(8)]
    expected = TflmOracle(model(*cases)).run(samples)
    host = compile_library(library(*cases), tmp_path)
    found = [host.run(sample) for sample in samples]
    for index, (name, case) in enumerate(CASES.items()):
        part = slice(4 * index, 4 * index + 4)
        for right, ours in zip(expected, found, strict=True):
            assert detections(case, ours[part]) == detections(case, right.outputs[part]), name
        counts = {int(outputs[part][3][0]) for outputs in found}
        assert counts == {0} if "no score" in name else max(counts) > 0


def test_sanitizers_find_nothing(tmp_path: Path) -> None:
    cases = CASES["fast, keypoints"], CASES["regular, few a class"]
    rng = np.random.default_rng(1)
    samples = [[value for case in cases for value in case.sample(rng)] for _ in range(2)]
    outputs = run_sanitized(library(*cases), tmp_path, samples)
    assert all(sample[3] > 0 and sample[7] > 0 for sample in outputs)


def test_rows_without_detections_are_zero(tmp_path: Path) -> None:
    case = CASES["fast, keypoints"]
    host = compile_library(library(case), tmp_path)
    encodings, scores = case.sample(np.random.default_rng(2))
    assert host.run((encodings, scores))[3] > 1
    lonely = np.full_like(scores, -128)
    lonely[0, 5, 2] = 127
    boxes, classes, found, number = host.run((encodings, lonely))
    assert number[0] == 1
    assert (classes[0, 0], found[0, 0]) == (1.0, np.float32(255 / 256))
    assert not boxes[0, 1:].any()
    assert not classes[0, 1:].any()
    assert not found[0, 1:].any()


def test_a_box_without_area_leaves_no_detections(tmp_path: Path) -> None:
    cases = [Case(3, options(use_regular_nms=regular), quantized=False) for regular in (False, True)]
    host = compile_library(library(*cases), tmp_path)
    encodings, scores = np.zeros((1, 3, 4), np.float32), np.ones((1, 3, 4), np.float32)
    outputs = host.run((encodings, scores) * 2)
    assert (outputs[3], outputs[7]) == ([3], [5])
    encodings[0, 1, 2] = -1e4
    assert not any(values.any() for values in host.run((encodings, scores) * 2))
