"""TFLite_Detection_PostProcess: boxes from anchors, then non-maximum suppression; a custom operator.

Source: tensorflow/lite/micro/kernels/detection_postprocess.cc.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Attributes, DType, Graph, Op, Tensor
from tinygen.ops.operator import FLEXBUFFER, Operator, Options, Rule, Shape, attributes_of
from tinygen.ops.rules import Operand, dtypes, operands, rank, stated

BOXES = Operand("box encodings", 0)
SCORES = Operand("class scores", 1)
ANCHORS = Operand("anchors", 2)
_OUTPUTS = tuple(
    Operand(name, position, output=True)
    for position, name in enumerate(("boxes", "classes", "scores", "number of detections"))
)

_DETECTIONS_A_CLASS = 100
"""TFLM's default of `detections_per_class`."""

_MOST = 1 << 16
"""Boxes and detections, so that products of them stay in int32."""


@dataclass(frozen=True)
class DetectionPostProcessAttributes(Attributes):
    """Options of the operator.

    Attributes:
        max_detections: rows of the outputs.
        regular: non-maximum suppression class by class; else once, on each box's best class.
        per_class: detections that regular suppression keeps of each class.
        per_box: classes that fast suppression tells of each box.
        classes: without the background.
        score_threshold: least score of a detection.
        iou_threshold: intersection over union from which a worse box is dropped.
        y_scale, x_scale, h_scale, w_scale: divisors of the box encodings.
    """

    max_detections: int
    regular: bool
    per_class: int
    per_box: int
    classes: int
    score_threshold: float
    iou_threshold: float
    y_scale: float
    x_scale: float
    h_scale: float
    w_scale: float


def _count(options: Options, name: str, default: int = 0) -> int:
    value = int(options.get(name, default))
    if not 0 <= value <= _MOST:
        raise ValueError(f"{name} {value}")
    return value


def _real(options: Options, name: str) -> float:
    value = float(np.float32(float(options.get(name, 0.0))))
    if not math.isfinite(value):
        raise ValueError(f"{name} {value}")
    return value


def _scale(options: Options, name: str) -> float:
    value = _real(options, name)
    if value <= 0:
        raise ValueError(f"{name} {value:g}")
    return value


def from_options(options: Options) -> DetectionPostProcessAttributes:
    """Attributes from the FlexBuffer map; a missing number is 0, as it is for TFLM."""
    return DetectionPostProcessAttributes(
        max_detections=_count(options, "max_detections"),
        regular=bool(options.get("use_regular_nms", False)),
        per_class=_count(options, "detections_per_class", _DETECTIONS_A_CLASS),
        per_box=_count(options, "max_classes_per_detection"),
        classes=_count(options, "num_classes"),
        score_threshold=_real(options, "nms_score_threshold"),
        iou_threshold=_real(options, "nms_iou_threshold"),
        y_scale=_scale(options, "y_scale"),
        x_scale=_scale(options, "x_scale"),
        h_scale=_scale(options, "h_scale"),
        w_scale=_scale(options, "w_scale"),
    )


def _attributes(op: Op) -> DetectionPostProcessAttributes:
    return attributes_of(op, DetectionPostProcessAttributes)


def _tensors(graph: Graph, op: Op) -> tuple[Tensor, Tensor, Tensor]:
    return graph.operand(op, 0), graph.operand(op, 1), graph.operand(op, 2)


def one_box_an_anchor(graph: Graph, op: Op) -> str | None:
    """Box encodings are [1, boxes, 4 or more], class scores [1, boxes, classes], anchors [boxes, 4].

    There are at most 65536 boxes; the scores may have one class more, for the background. Convert the model
    again: the file contradicts itself.
    """
    boxes, scores, anchors = (tensor.shape for tensor in _tensors(graph, op))
    number, classes = boxes[1], _attributes(op).classes
    fits = (
        boxes[0] == 1
        and boxes[2] >= 4
        and scores[:2] == (1, number)
        and scores[2] - classes in (0, 1)
        and anchors == (number, 4)
        and number <= _MOST
        and classes >= 1
    )
    return None if fits else f"{list(boxes)}, {list(scores)} and {list(anchors)} for {classes} classes"


def thresholds(graph: Graph, op: Op) -> str | None:
    """The threshold of intersection over union is above 0 and at most 1.

    TFLM's inference fails otherwise.
    """
    threshold = _attributes(op).iou_threshold
    return None if 0 < threshold <= 1 else f"{threshold:g}"


def _detections(graph: Graph, op: Op) -> str | None:
    options = _attributes(op)
    if options.max_detections < 1:
        return f"max_detections {options.max_detections}"
    if options.regular:
        return None if options.per_class >= 1 else f"detections_per_class {options.per_class}"
    shown = min(options.per_box, options.classes)
    return None if shown == 1 else f"max_classes_per_detection {options.per_box}"


detections: Rule = stated(
    "There is at least one detection, and fast suppression tells one class of each box.",
    "With more classes TFLM writes beyond its outputs: export the model with max_classes_per_detection=1 or "
    "use_regular_nms=True.",
    _detections,
)


def infer(graph: Graph, op: Op) -> tuple[Shape, ...]:
    """Shapes of boxes, classes, scores and number of detections."""
    rows = _attributes(op).max_detections
    return (1, rows, 4), (1, rows), (1, rows), (1,)


_FLOATS = (DType.FLOAT32,) * 7

OPERATOR = Operator(
    kind="TFLite_Detection_PostProcess",
    custom=True,
    options=FLEXBUFFER,
    from_options=from_options,
    form=(
        operands(3, outputs=4),
        dtypes((BOXES, SCORES, ANCHORS, *_OUTPUTS), _FLOATS),
        rank(BOXES, 3),
        rank(SCORES, 3),
        rank(ANCHORS, 2),
    ),
    rules=(one_box_an_anchor, thresholds, detections),
    infer=infer,
)
