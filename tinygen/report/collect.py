"""Reads the sections of reports off graphs, plans and measurements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygen.codegen import Footprint
from tinygen.emulators.interface import Inference
from tinygen.ir import Graph, Op
from tinygen.kernels.interface import Constant, ConstantKind
from tinygen.ops.registry import operators
from tinygen.planning.plan import Plan, Step, all_constants
from tinygen.report.sections import LayerCount, LayerPlan, Memory
from tinygen.report.verification import Instructions


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates of one op in one inference; 0 for an op that tinygen does not know."""
    operator = operators().get(op.kind)
    return operator.macs(graph, op) if operator else 0


def total_macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(macs(graph, op) for op in graph.ops)


@dataclass(frozen=True)
class Stored:
    """Bytes of constants in flash."""

    weights: int
    constants: int


def _stored(constants: Iterable[Constant]) -> Stored:
    """Bytes of the constants, equal arrays counted once, as they are stored."""
    seen: set[tuple[str, bytes]] = set()
    total = dict.fromkeys(ConstantKind, 0)
    for constant in constants:
        packed = constant.pack()
        key = (packed.dtype.str, hashlib.sha256(packed.tobytes()).digest())
        if key not in seen:
            seen.add(key)
            total[constant.kind] += packed.nbytes
    return Stored(total[ConstantKind.WEIGHTS], total[ConstantKind.CONSTANTS])


@dataclass(frozen=True)
class Measured:
    """What building and running found out; None where the target cannot tell.

    Attributes:
        static_ram: bytes of .data and .bss of the model's library, without arena and state.
        stack: high-water mark of a run, in bytes.
        model_flash: bytes of the image linked with the model minus the image linked without it.
    """

    static_ram: int | None = None
    stack: int | None = None
    model_flash: int | None = None


def memory(footprint: Footprint, measured: Measured) -> Memory:
    """The report's memory section.

    Args:
        footprint: of the generated library.
        measured: what building and running found out.
    """
    flash = measured.model_flash
    return Memory(
        arena=footprint.arena,
        scratch=footprint.scratch,
        state=footprint.state,
        lower_bound=footprint.lower_bound,
        static_ram=measured.static_ram,
        stack=measured.stack,
        weights=footprint.weights,
        constants=footprint.constants,
        code=None if flash is None else flash - footprint.weights - footprint.constants,
    )


def _common(plan: Plan, step: Step) -> dict[str, Any]:
    """The fields that every description of a layer has."""
    covers = set(step.candidate.covers)
    ops = [op for op in plan.graph.ops if op.id in covers]
    main = max(ops, key=lambda op: macs(plan.graph, op))
    return {
        "index": step.index,
        "name": step.name,
        "op": main.kind,
        "ops": tuple(sorted({source for op in ops for source in op.sources})),
        "set": step.candidate.set,
        "kernel": step.candidate.name,
        "device": "cpu",
        "macs": sum(macs(plan.graph, op) for op in ops),
    }


def _ram(plan: Plan, index: int) -> int:
    """Bytes of the arena that are in use during a step; bytes shared by two buffers count once."""
    used = 0
    end = 0
    spans = sorted(
        (offset, offset + plan.buffers[key].bytes)
        for key, offset in plan.offsets.items()
        if plan.buffers[key].first <= index <= plan.buffers[key].last
    )
    for low, high in spans:
        used += max(high - max(low, end), 0)
        end = max(end, high)
    return used


def layer_plans(plan: Plan) -> tuple[LayerPlan, ...]:
    """The layers of a plan with the memory that each needs."""
    layers = []
    for step in plan.steps:
        stored = _stored(all_constants(step.candidate))
        layers.append(
            LayerPlan(
                **_common(plan, step),
                weights=stored.weights,
                constants=stored.constants,
                ram=_ram(plan, step.index),
            )
        )
    return tuple(layers)


def instructions(plan: Plan, inferences: Sequence[Inference]) -> Instructions | None:
    """The counts of the inference that took most; None where none was counted.

    Args:
        plan: of the firmware.
        inferences: what the emulator returned for each sample.
    """
    counted = [(inference.total, inference) for inference in inferences if inference.total is not None]
    if not counted:
        return None
    total, worst = max(counted, key=lambda pair: pair[0])
    counts = worst.layers if worst.layers is not None else (None,) * len(plan.steps)
    return Instructions(
        per_inference=total,
        layers=tuple(
            LayerCount(**_common(plan, step), instructions=count)
            for step, count in zip(plan.steps, counts, strict=True)
        ),
    )
