"""TFLite_Detection_PostProcess: firmware/kernels/portable/detection_post_process.h."""

from __future__ import annotations

from tinygen.ir import Graph
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    Cost,
    Proposal,
    Region,
    Scratch,
    ScratchPointer,
)
from tinygen.kernels.operands import argument, at_run_time, dense_activations, stored
from tinygen.ops.detection_post_process import DetectionPostProcessAttributes
from tinygen.ops.operator import attributes_of
from tinygen.target import Target

KINDS = ("TFLite_Detection_PostProcess",)

_INPUTS = ("encodings", "class_scores", "anchors")
_OUTPUTS = ("boxes", "classes", "scores", "count")
_CODE_BYTES = 1900
_INSTRUCTIONS_A_BOX = 6500
"""Decoding a box, in double precision, which a Cortex-M4 emulates."""
_INSTRUCTIONS_A_COMPARISON = 30
_PROOF = (
    "exact but for libm's exp, in double precision, within 2 ULP of float32; fast suppression zeroes the "
    "rows behind the detections, which TFLM leaves as they were"
)


def _instructions(boxes: int, scores: int, options: DetectionPostProcessAttributes) -> int:
    rounds = options.classes * min(options.per_class, boxes) if options.regular else options.max_detections
    compared = scores + boxes * rounds
    return boxes * _INSTRUCTIONS_A_BOX + compared * _INSTRUCTIONS_A_COMPARISON


def propose(region: Region, graph: Graph, target: Target) -> Proposal:
    """One candidate; inputs, outputs and scratch lie apart."""
    (op,) = region
    options = attributes_of(op, DetectionPostProcessAttributes)
    inputs = [graph.operand(op, index) for index in range(3)]
    outputs = [graph.result(op, index) for index in range(4)]
    encodings, class_scores, anchors = inputs
    boxes = encodings.shape[1]
    scratch = [Scratch("corners", 16 * boxes), Scratch("active", boxes)]
    if not options.regular:
        scratch.append(Scratch("best", 4 * boxes))
    instructions = _instructions(boxes, class_scores.elements, options)
    return [
        Candidate(
            set="portable",
            name="detection regular" if options.regular else "detection fast",
            covers=(op.id,),
            operands=dense_activations((*inputs, *outputs)),
            cost=Cost(
                instructions=instructions,
                cycles=instructions * 5 // 4,
                flash=_CODE_BYTES + (anchors.bytes if anchors.is_constant else 0),
                reads=sum(tensor.bytes for tensor in inputs),
                writes=sum(tensor.bytes for tensor in outputs),
            ),
            call=Call(
                header="portable/detection_post_process.h",
                function="tg_detection_regular" if options.regular else "tg_detection_fast",
                params="tg_detection_params",
                arguments=(
                    *(argument(name, tensor) for name, tensor in zip(_INPUTS, inputs, strict=True)),
                    *(argument(name, tensor) for name, tensor in zip(_OUTPUTS, outputs, strict=True)),
                    *(Argument(item.name, ScratchPointer(item.name)) for item in scratch),
                ),
                parameters=at_run_time(
                    boxes=boxes,
                    encoding=encodings.shape[2],
                    scored=class_scores.shape[2],
                    classes=options.classes,
                    per_class=options.per_class,
                    max_detections=options.max_detections,
                    score_threshold=options.score_threshold,
                    iou_threshold=options.iou_threshold,
                    y_scale=options.y_scale,
                    x_scale=options.x_scale,
                    h_scale=options.h_scale,
                    w_scale=options.w_scale,
                ),
            ),
            scratch=tuple(scratch),
            constants=tuple(
                constant
                for name, tensor in zip(_INPUTS, inputs, strict=True)
                for constant in stored(name, tensor)
            ),
            proof=_PROOF,
        )
    ]
