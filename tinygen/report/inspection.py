"""The report of `tinygen inspect`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Self

from tinygen.errors import TinygenError
from tinygen.ir import Graph, Model, Op, Quantization, Tensor
from tinygen.ops.operator import Violation
from tinygen.planning.plan import Plan
from tinygen.report.base import Report, Section
from tinygen.report.collect import layer_plans, macs, total_macs
from tinygen.report.sections import Count, LayerPlan, ModelInfo


class QuantizationInfo(Section):
    """Affine quantization: real = scale * (q - zero_point)."""

    scales: tuple[float, ...]
    """One, or one per index along `axis`."""

    zero_points: tuple[int, ...]
    """As many as scales."""

    axis: Count
    """The axis of a quantization per channel."""

    @classmethod
    def of(cls, quant: Quantization) -> Self:
        """The section for a quantization of the graph."""
        return cls(scales=quant.scales, zero_points=quant.zero_points, axis=quant.axis)


class TensorInfo(Section):
    """A tensor of the source model."""

    index: Count
    """Number in the graph."""

    name: str
    """The model's name."""

    dtype: str
    """Element type."""

    shape: tuple[int, ...]
    """Dimensions."""

    bytes: Count | None
    """Size; null for a type without elements of fixed size."""

    constant: bool
    """Whether its value is stored in the file."""

    quantization: QuantizationInfo | None
    """Null for a tensor that is not quantized."""

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """The section for a tensor of the graph."""
        return cls(
            index=tensor.id,
            name=tensor.name,
            dtype=tensor.dtype.value,
            shape=tensor.shape,
            bytes=_bytes(tensor),
            constant=tensor.is_constant,
            quantization=None if tensor.quant is None else QuantizationInfo.of(tensor.quant),
        )


class OpInfo(Section):
    """An operator of the source model."""

    index: Count
    """Number in the file."""

    kind: str
    """Name in TFLite's schema."""

    name: str
    """Name of its first output."""

    inputs: tuple[int | None, ...]
    """Tensors it reads; null for an optional one that is left out."""

    outputs: tuple[int, ...]
    """Tensors it writes."""

    macs: Count
    """Multiply-accumulates of one inference; 0 where unsupported."""

    weights: Count
    """Bytes of the constants that it reads, as the file stores them."""

    ram: Count
    """Bytes of the tensors that are alive while it runs, before any rewriting."""

    supported: bool
    """Whether tinygen can compile it."""


class Problem(Section):
    """A rule that an operator breaks."""

    index: Count
    """The operator."""

    layer: str
    """Name of its first output."""

    op: str
    """Kind of the operator."""

    rule: str
    """What has to hold."""

    found: str
    """What the operator has instead."""

    hint: str
    """What to do about it; empty where the rule says it all."""


class Refusal(Section):
    """Why the whole model is refused."""

    message: str
    """What is wrong with it."""

    why: tuple[str, ...]
    """The rule or the observation behind it."""

    hints: tuple[str, ...]
    """What to try, most promising first."""


class PlanInfo(Section):
    """How the model would be laid out, for the target that it was planned for."""

    arena: Count
    """Bytes of the arena."""

    lower_bound: Count
    """Bytes that no placement of these layers in this order can go below."""

    peak_layer: Count
    """Index of the layer that sets the bound."""

    layers: tuple[LayerPlan, ...]
    """In execution order."""


class InspectionReport(Report):
    """What `tinygen inspect --json` writes."""

    model: ModelInfo
    """The model file."""

    name: str
    """C identifier made from the file's name."""

    supported: bool
    """Whether tinygen can compile the model."""

    inputs: tuple[int, ...]
    """Tensors that an inference takes."""

    outputs: tuple[int, ...]
    """Tensors that an inference returns."""

    tensors: tuple[TensorInfo, ...]
    """All tensors."""

    ops: tuple[OpInfo, ...]
    """All operators, in execution order."""

    weights: Count
    """Bytes of all constants, as the file stores them."""

    refusal: Refusal | None
    """Why the whole model is refused, where that says more than the rules that its operators break."""

    unsupported: tuple[Problem, ...]
    """Every rule that the operators break."""

    plan: PlanInfo | None
    """Null where the model is not supported."""


def inspection(
    path: PurePath,
    model: Model,
    *,
    violations: Iterable[Violation] = (),
    refusal: TinygenError | None = None,
    plan: Plan | None = None,
) -> InspectionReport:
    """The report for a model.

    Args:
        path: the file, as the user named it.
        model: as the frontend read it.
        violations: every rule that its main graph breaks.
        refusal: why the whole model is refused.
        plan: made from its main graph, where it is supported.
    """
    graph = model.main
    broken = tuple(violations)
    refused = {violation.op.id for violation in broken}
    alive = _alive(graph)
    return InspectionReport(
        model=ModelInfo(
            path=str(path),
            sha256=model.sha256,
            macs=sum(macs(graph, op) for op in graph.ops if op.id not in refused),
            live_macs=total_macs(plan.graph) if plan else None,
        ),
        name=model.name,
        supported=not broken and refusal is None,
        inputs=graph.inputs,
        outputs=graph.outputs,
        tensors=tuple(TensorInfo.of(tensor) for _, tensor in sorted(graph.tensors.items())),
        ops=tuple(
            _op_info(graph, op, ram, op.id not in refused) for op, ram in zip(graph.ops, alive, strict=True)
        ),
        weights=sum(_stored(tensor) for tensor in graph.tensors.values()),
        refusal=None if refusal is None else _refusal(refusal),
        unsupported=tuple(_problem(violation) for violation in broken),
        plan=None if plan is None else _plan_info(plan),
    )


def _bytes(tensor: Tensor) -> int | None:
    try:
        return tensor.bytes
    except TypeError:
        return None


def _stored(tensor: Tensor) -> int:
    return 0 if tensor.data is None else tensor.data.nbytes


def _index(op: Op) -> int:
    return op.sources[0] if op.sources else op.id


def _layer(graph: Graph, op: Op) -> str:
    return graph.result(op).name if op.outputs else ""


def _op_info(graph: Graph, op: Op, ram: int, supported: bool) -> OpInfo:
    read = [graph.tensors[key] for key in dict.fromkeys(op.inputs) if key is not None]
    return OpInfo(
        index=_index(op),
        kind=op.kind,
        name=_layer(graph, op),
        inputs=op.inputs,
        outputs=op.outputs,
        macs=macs(graph, op) if supported else 0,
        weights=sum(_stored(tensor) for tensor in read),
        ram=ram,
        supported=supported,
    )


def _refusal(error: TinygenError) -> Refusal:
    return Refusal(message=error.message, why=error.why, hints=error.hints)


def _problem(violation: Violation) -> Problem:
    return Problem(
        index=_index(violation.op),
        layer=violation.layer,
        op=violation.op.kind,
        rule=violation.rule,
        found=violation.found,
        hint=violation.hint,
    )


def _alive(graph: Graph) -> list[int]:
    """Bytes of the activations that are alive during each op."""
    first: dict[int, int] = dict.fromkeys(graph.inputs, -1)
    last: dict[int, int] = {}
    for position, op in enumerate(graph.ops):
        for key in op.outputs:
            first[key] = last[key] = position
        for read in op.inputs:
            if read is not None:
                last[read] = position
    last.update(dict.fromkeys(graph.outputs, len(graph.ops)))
    change = [0] * (len(graph.ops) + 2)
    for key, start in first.items():
        if not graph.tensors[key].is_constant:
            size = _bytes(graph.tensors[key]) or 0
            change[max(start, 0)] += size
            change[max(last.get(key, start), 0) + 1] -= size
    alive, now = [], 0
    for position in range(len(graph.ops)):
        now += change[position]
        alive.append(now)
    return alive


def _plan_info(plan: Plan) -> PlanInfo:
    return PlanInfo(
        arena=plan.bounds.arena,
        lower_bound=plan.bounds.lower_bound,
        peak_layer=max(plan.bounds.peak_step, 0),
        layers=layer_plans(plan),
    )
