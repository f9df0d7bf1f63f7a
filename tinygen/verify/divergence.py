"""Finds the first layer whose result is not the oracle's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.emulators.interface import Session, TraceRange
from tinygen.ir import Array, Origin, Tensor
from tinygen.oracle import Oracle, OracleRun, Sample
from tinygen.planning.plan import Plan, Step
from tinygen.verify.compare import Comparison, Difference, OutputMismatch, difference, encode


@dataclass(frozen=True)
class Divergence:
    """The first tensor, in execution order, that is not the oracle's.

    Attributes:
        sample: in which inference after the reset.
        step: index of the plan's step that wrote the tensor.
        layer: the step's name.
        op: kind of the op that makes the tensor.
        tensor: the tensor's name in the model.
        difference: the first differing element and how many differ.
    """

    sample: int
    step: int
    layer: str
    op: str
    tensor: str
    difference: Difference


@dataclass(frozen=True)
class _Observation:
    """A tensor that can be read in the arena right after a step, and its value in the oracle."""

    step: Step
    tensor: Tensor
    expected: Array


def diagnose(
    plan: Plan, session: Session, oracle: Oracle, samples: Sequence[Sample], comparison: Comparison
) -> Divergence | None:
    """Where the first mismatch of a comparison comes from; None where there is none.

    Names the layer that writes the mismatched output when no layer before it can be shown to differ.

    Args:
        plan: of the firmware in `session`.
        session: the running firmware.
        oracle: what it was compared with.
        samples: the inputs, successive calls after one reset.
        comparison: its result.
    """
    if not comparison.mismatches:
        return None
    mismatch = comparison.mismatches[0]
    found = first_divergence(plan, session, oracle, samples, mismatch.sample)
    if found is not None:
        return found
    return _at_output(plan, mismatch)


def _at_output(plan: Plan, mismatch: OutputMismatch) -> Divergence:
    """The layer that wrote a mismatched output; without one, the output itself passes for it."""
    key = plan.graph.outputs[mismatch.output]
    output = plan.graph.tensors[key]
    index, layer, kind = -1, output.name, "INPUT"
    for step, written in _written(plan):
        # An output that is a view shares its buffer with the tensor that a step wrote.
        if plan.views[written.id].buffer == plan.views[key].buffer:
            index, layer, kind = step.index, step.name, _kind(plan, written)
    return Divergence(mismatch.sample, index, layer, kind, output.name, mismatch.difference)


def first_divergence(
    plan: Plan, session: Session, oracle: Oracle, samples: Sequence[Sample], sample: int
) -> Divergence | None:
    """Compare every observable layer of one inference with the oracle, in execution order.

    Tensors without an origin, and those that the oracle cannot observe, are passed over.

    Args:
        plan: of the firmware in `session`.
        session: the running firmware; it is reset, and runs the samples up to `sample` again.
        oracle: the reference.
        samples: the inputs, successive calls after one reset.
        sample: the inference to look into.

    Returns:
        The first tensor that differs, or None where all that could be compared are equal.
    """
    keep = sorted({tensor.origin.tensor for _, tensor in _written(plan) if tensor.origin is not None})
    run = oracle.run(samples[: sample + 1], keep)[sample]
    observations = _observations(plan, run)
    ranges = [
        TraceRange(seen.step.index, plan.address(seen.tensor.id), _extent(plan, seen.tensor))
        for seen in observations
    ]
    session.reset()
    for before in samples[:sample]:
        session.run(encode(before))
    dumps = session.trace(encode(samples[sample]), ranges)
    for seen, data in zip(observations, dumps, strict=True):
        differs = difference(seen.expected, _gather(plan, seen.tensor, data))
        if differs is not None:
            step, tensor = seen.step, seen.tensor
            return Divergence(sample, step.index, step.name, _kind(plan, tensor), tensor.name, differs)
    return None


def _written(plan: Plan) -> Iterator[tuple[Step, Tensor]]:
    """Each tensor that a step's call leaves in the arena, in execution order."""
    ops = {op.id: op for op in plan.graph.ops}
    for step in plan.steps:
        operands = {operand.tensor for operand in step.candidate.operands}
        for covered in step.candidate.covers:
            for key in ops[covered].outputs:
                if key in operands and key in plan.views and plan.in_arena(key):
                    yield step, plan.graph.tensors[key]


def _observations(plan: Plan, run: OracleRun) -> list[_Observation]:
    outputs = dict(zip(plan.graph.outputs, run.outputs, strict=True))
    found = []
    for step, tensor in _written(plan):
        expected = outputs.get(tensor.id)
        if expected is None and tensor.origin is not None:
            expected = expected_value(tensor.origin, run.tensors)
        if expected is not None and (expected.dtype, expected.size) == (tensor.dtype.numpy, tensor.elements):
            found.append(_Observation(step, tensor, expected.reshape(tensor.shape)))
    return found


def expected_value(origin: Origin, tensors: Mapping[int, Array]) -> Array | None:
    """The oracle's value of a tensor with that origin, or None where the oracle did not observe it."""
    value = tensors.get(origin.tensor)
    if value is None or origin.axis is None or origin.kept is None:
        return value
    return np.take(value, origin.kept, axis=origin.axis)


def _pixels(tensor: Tensor) -> tuple[int, int]:
    """Number of pixels, and elements of each."""
    channels = tensor.shape[-1] if tensor.shape else 1
    return (tensor.elements // channels if channels else 0), channels


def _extent(plan: Plan, tensor: Tensor) -> int:
    """Bytes from the tensor's first element to its last, gaps between pixels included."""
    pixels, channels = _pixels(tensor)
    if pixels == 0:
        return 0
    return ((pixels - 1) * plan.views[tensor.id].pitch + channels) * tensor.dtype.bytes


def _gather(plan: Plan, tensor: Tensor, data: bytes) -> Array:
    """The tensor in a dump of its extent."""
    pixels, channels = _pixels(tensor)
    flat = np.frombuffer(data, tensor.dtype.numpy.newbyteorder("<")).astype(tensor.dtype.numpy, copy=False)
    where = np.arange(pixels)[:, np.newaxis] * plan.views[tensor.id].pitch + np.arange(channels)
    gathered: Array = flat[where]
    return gathered.reshape(tensor.shape)


def _kind(plan: Plan, tensor: Tensor) -> str:
    op = plan.graph.producer(tensor.id)
    return "INPUT" if op is None else op.kind
