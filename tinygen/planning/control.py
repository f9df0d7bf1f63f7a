"""Branches and loops: candidates for ops that run other graphs, made of plans of these graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygen.errors import ModelError
from tinygen.ir import Array, Graph, Op, Tensor
from tinygen.kernels.interface import (
    Candidate,
    Constant,
    ConstantKind,
    Cost,
    Operand,
    Proposal,
    Refusal,
    Region,
    Scratch,
)
from tinygen.planning.plan import ARENA, Branch, KernelCall, Loop, Plan, Step, SubPlans
from tinygen.planning.views import dense_pitch
from tinygen.target import Target

SET = "control flow"
"""Name of the candidates' set, for reports."""

_ALIGN = 16
_INSTRUCTIONS_A_COPIED_BYTE = 1


def planned_part(graph: Graph) -> Graph:
    """What has to be planned of a graph that is run: no inputs that nothing reads, no constant outputs."""
    read = [key for key in graph.inputs if graph.consumers(key) or key in graph.outputs]
    computed = [key for key in graph.outputs if not graph.tensors[key].is_constant]
    return replace(graph, inputs=tuple(read), outputs=tuple(dict.fromkeys(computed)))


def constant_operands(graph: Graph, op: Op) -> Mapping[str, Tensor]:
    """The constants that a step of control flow copies from, by their role.

    These are inputs of the op and outputs of its subgraphs, "input<k>" and "output<s>_<k>".
    """
    inputs = {f"input{k}": graph.tensors[key] for k, key in enumerate(op.inputs) if key is not None}
    outputs = {
        f"output{s}_{k}": subgraph.tensors[key]
        for s, subgraph in enumerate(op.subgraphs)
        for k, key in enumerate(subgraph.outputs)
    }
    return {role: tensor for role, tensor in {**inputs, **outputs}.items() if tensor.is_constant}


def _stored(role: str, values: Array) -> Constant:
    return Constant(role, ConstantKind.CONSTANTS, lambda: np.ascontiguousarray(values).ravel())


def _cost(plans: Sequence[Plan], copied: int) -> Cost:
    """That of every plan run once: how often a loop runs is not known."""
    costs = [step.candidate.cost for plan in plans for step in plan.steps]
    copies = copied * _INSTRUCTIONS_A_COPIED_BYTE
    return Cost(
        instructions=sum(cost.instructions for cost in costs) + copies,
        cycles=sum(cost.cycles for cost in costs) + copies,
        flash=sum(cost.flash for cost in costs),
        reads=sum(cost.reads for cost in costs) + copied,
        writes=sum(cost.writes for cost in costs) + copied,
    )


@dataclass(frozen=True)
class ControlFlowSet:
    """Candidates for ops that run subgraphs.

    Attributes:
        plan: plans a subgraph, as the graph around it is planned.
    """

    plan: Callable[[Graph], Plan]
    name: str = SET

    def regions(self, graph: Graph) -> Sequence[Region]:
        """Every op with subgraphs."""
        return [(op,) for op in graph.ops if op.subgraphs]

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        """One candidate, whose operands lie apart from each other and from the arena of the plans."""
        (op,) = region
        try:
            plans = tuple(self.plan(planned_part(subgraph)) for subgraph in op.subgraphs)
        except ModelError as error:
            return Refusal(self.name, error.message, "; ".join(error.why))
        tensors = [graph.tensors[key] for key in (*op.inputs, *op.outputs) if key is not None]
        activations = {tensor.id: tensor for tensor in tensors if not tensor.is_constant}
        arena = max(plan.bounds.arena for plan in plans)
        align = max([_ALIGN, *(plan.buffers[key].align for plan in plans for key in plan.offsets)])
        return [
            Candidate(
                set=self.name,
                name=op.kind.lower(),
                covers=(op.id,),
                operands=tuple(Operand(key, pitch=dense_pitch(item)) for key, item in activations.items()),
                cost=_cost(plans, sum(tensor.bytes for tensor in tensors)),
                call=SubPlans(plans),
                scratch=(Scratch(ARENA, arena, align),) if arena else (),
                constants=tuple(
                    _stored(role, tensor.data)
                    for role, tensor in constant_operands(graph, op).items()
                    if tensor.data is not None
                ),
            )
        ]


def step(graph: Graph, index: int, candidate: Candidate, scratch: Mapping[str, int]) -> Step:
    """The step of a chosen candidate that has a call, named after the last op that it covers."""
    ops = [op for op in graph.ops if op.id in candidate.covers]
    name = graph.layer_name(ops[-1])
    if not isinstance(candidate.call, SubPlans):
        return KernelCall(index, name, candidate, scratch)
    kind = Loop if ops[0].kind == "WHILE" else Branch
    return kind(index, name, candidate, scratch, candidate.call.plans)
