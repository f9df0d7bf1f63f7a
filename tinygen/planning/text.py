"""The textual form of a Plan, for people and for goldens."""

from __future__ import annotations

from tinygen.planning.plan import Buffer, KernelCall, Plan, Step


def _place(plan: Plan, tensor: int) -> str:
    view = plan.views[tensor]
    text = f"%{tensor}"
    if view.buffer in plan.offsets:
        text += f"@{plan.address(tensor)}"
    shape = plan.graph.tensors[tensor].shape
    return text if not shape or view.pitch == shape[-1] else f"{text}:{view.pitch}"


def _step(plan: Plan, step: Step) -> list[str]:
    """A line, and those of the plans that it runs."""
    lines = [_line(plan, step)]
    if not isinstance(step, KernelCall):
        for inner in step.plans:
            lines += [f"    {line}" for line in format_plan(inner).splitlines()]
    return lines


def _line(plan: Plan, step: Step) -> str:
    read: list[str] = []
    written: list[str] = []
    covered = [op for op in plan.graph.ops if op.id in step.candidate.covers]
    made = {key for op in covered for key in op.outputs}
    updated = {key for op in covered for key in op.updates}
    for operand in step.candidate.operands:
        place = _place(plan, operand.tensor)
        if operand.tensor in updated:
            written.append(f"{place}!")
        else:
            (written if operand.tensor in made else read).append(place)
    scratch = "".join(f" scratch {name}@{plan.offsets[key]}" for name, key in step.scratch.items())
    covers = ", ".join(map(str, step.candidate.covers))
    kernel = f"{step.candidate.set}/{step.candidate.name}"
    return f"  {step.index}: {kernel} ops [{covers}] {', '.join(read)} -> {', '.join(written)}{scratch}"


def _buffer(plan: Plan, buffer: Buffer) -> str:
    where = f"{plan.offsets[buffer.id]}" if buffer.id in plan.offsets else "-"
    lifetime = f"{buffer.first}..{buffer.last}"
    return f"  {where} +{buffer.bytes} {buffer.kind.value} {lifetime} {buffer.name!r}"


def format_plan(plan: Plan) -> str:
    """Summary, steps, buffers by offset and the decisions with a loser; the same text for equal plans.

    A tensor is printed as `%id@offset`, with `:pitch` where its pixels are not dense, one outside the arena
    without offset; `!` marks a variable that a step updates.
    """
    bounds = plan.bounds
    lines = [
        f"plan {plan.graph.name!r}: {len(plan.steps)} steps, arena {bounds.arena} B,"
        f" lower bound {bounds.lower_bound} B at step {bounds.peak_step}, scratch {plan.scratch_bytes()} B",
        f"inputs {', '.join(_place(plan, key) for key in plan.graph.inputs)}",
        f"outputs {', '.join(_place(plan, key) for key in plan.graph.outputs)}",
        "steps",
        *(line for step in plan.steps for line in _step(plan, step)),
        "buffers",
    ]
    ordered = sorted(
        plan.buffers.values(), key=lambda item: (plan.offsets.get(item.id, -1), item.first, item.id)
    )
    lines += [_buffer(plan, buffer) for buffer in ordered]
    decided = [decision for decision in plan.decisions if decision.losers]
    if decided:
        lines.append("decisions")
    for decision in decided:
        lines.append(f"  ops [{', '.join(map(str, decision.covers))}]: {decision.chosen}")
        lines += [f"    not {name}: {reason}" for name, reason in decision.losers]
    return "\n".join(lines) + "\n"
