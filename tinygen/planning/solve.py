"""The search: select candidates, place their tensors, and trade speed for memory where it does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.errors import FitError, ModelError
from tinygen.ir import Graph
from tinygen.kernels.interface import Candidate, KernelSet
from tinygen.planning import bound, control, lifetimes, place, select, views
from tinygen.planning.plan import Bounds, Objective, Plan, Step
from tinygen.target import MemoryKind, Target

_TRADES = 200
"""Exchanges of a candidate in search of a smaller arena."""


def arena_memories(target: Target) -> tuple[str, ...]:
    """Names of the memories that may hold the arena, fastest first; empty where nothing is limited."""
    fit = [item for item in target.memories if item.kind is MemoryKind.RAM and "arena" in item.holds]
    return tuple(item.name for item in sorted(fit, key=lambda item: (item.latency, -item.size)))


def _limit(target: Target, budget: int | None, state: int) -> tuple[int | None, str]:
    """Bytes that the arena may have, and whose limit that is; `state` takes its share of other data."""
    if budget is not None:
        return budget, "the budget"
    names = arena_memories(target)
    rooms = {item.name: item.size - (state if "data" in item.holds else 0) for item in target.memories}
    largest = max(names, key=lambda name: rooms[name], default=None)
    if largest is None:
        return None, ""
    beside = f" beside {state:,} B of state" if state and rooms[largest] < _size(target, largest) else ""
    return rooms[largest], f"the memory {largest!r}{beside}"


def _size(target: Target, name: str) -> int:
    return next(item.size for item in target.memories if item.name == name)


@dataclass(frozen=True)
class _Schedule:
    """A cover with its liveness and lower bound."""

    selection: select.Selection
    given_up: tuple[tuple[select.Offer, str], ...]
    liveness: lifetimes.Liveness
    lower: bound.LowerBound

    @property
    def need(self) -> tuple[int, int]:
        """What trading minimises: the bound, then the number of steps that reach it."""
        return self.lower.bytes, self.lower.ties


@dataclass(frozen=True)
class _Planner:
    """One graph's planning: what was offered, and what stays the same while candidates are exchanged."""

    offers: select.Offers
    target: Target
    keep_inputs: bool

    def schedule(self, given_up: Sequence[tuple[select.Offer, str]]) -> _Schedule | None:
        """The best consistent cover without what was given up, or None where there is none."""
        without = list(given_up)
        while True:
            selection = select.cover(self.offers, [offer for offer, _ in without])
            if selection is None:
                return None
            try:
                locations = views.resolve(self.offers.graph, selection.candidates)
            except views.PlacementError as error:
                culprit = self._culprit(selection, error.culprits, [offer for offer, _ in without])
                without.append((culprit, error.reason))
                continue
            liveness = lifetimes.analyse(
                self.offers.graph,
                selection.calls,
                locations,
                keep_inputs=self.keep_inputs,
                memories=arena_memories(self.target),
            )
            return _Schedule(selection, tuple(without), liveness, bound.lower_bound(liveness))

    def _culprit(
        self, selection: select.Selection, culprits: Sequence[Candidate], without: Sequence[select.Offer]
    ) -> select.Offer:
        """The offer to give up: the first culprit whose ops something else covers too, else the first."""
        gone = {id(offer) for offer in without}
        chosen = [offer for item in culprits for offer in selection.offers if offer.candidate is item]
        for offer in chosen:
            others = (other for other in self.offers.offers if other is not offer and id(other) not in gone)
            if any(set(offer.ops) & set(other.ops) for other in others):
                return offer
        return chosen[0]

    def smaller(self, schedule: _Schedule, budget: int) -> _Schedule:
        """Exchange the candidate of the peak for one that needs less memory until the bound is in budget.

        The peak's candidate is given up, then what replaces it, and so on as long as something does;
        exchanges after the last that paid are undone.
        """
        best = trial = schedule
        for _ in range(_TRADES):
            if best.lower.bytes <= budget:
                break
            exchanged = self._without_peak(trial)
            if exchanged is None:
                break
            trial = exchanged
            if trial.need < best.need:
                best = trial
        return best

    def _without_peak(self, schedule: _Schedule) -> _Schedule | None:
        calls = [offer for offer in schedule.selection.offers if offer.candidate.call is not None]
        if not 0 <= schedule.lower.step < len(calls):
            return None
        offer = calls[schedule.lower.step]
        reason = f"given up for memory: {schedule.lower.bytes:,} B at step {schedule.lower.step}"
        return self.schedule([*schedule.given_up, (offer, reason)])


def solve(
    graph: Graph,
    kernel_sets: Sequence[KernelSet],
    target: Target,
    objective: Objective = Objective.SPEED,
    *,
    budget: int | None = None,
    keep_inputs: bool = False,
    seed: int = 0,
) -> Plan:
    """Choose a kernel for every op and a place for every byte.

    The best candidates by `objective` are taken first; while the arena is over budget, the candidate at
    its peak is exchanged. Bounded in time and deterministic.

    Args:
        graph: after the passes.
        kernel_sets: those allowed, in order of preference: a set computes what the sets before it refuse.
        target: the chip.
        objective: what to minimise; RAM trades whatever it costs for a smaller arena.
        budget: bytes that the arena may have; None for the target's largest memory that may hold it.
        keep_inputs: leave the graph's inputs unchanged by a run.
        seed: of the search for offsets.

    Raises:
        ModelError: when an op has no kernel, with all such ops, or an output is a constant.
        FitError: when the arena does not fit.
    """
    _check_outputs(graph)

    def subgraph(graph: Graph) -> Plan:
        return solve(graph, kernel_sets, target, objective, budget=budget, seed=seed)

    sets = [*kernel_sets, control.ControlFlowSet(subgraph)]
    planner = _Planner(select.propose(graph, sets, target, objective), target, keep_inputs)
    first = planner.schedule(())
    if first is None:
        raise select.unsolved_error(planner.offers, kernel_sets)
    limit, where = _limit(target, budget, graph.state_bytes)
    best, offsets = _fit(planner, first, 0 if objective is Objective.RAM else limit, seed)
    plan = _plan(graph, planner.offers, best, offsets, objective)
    if limit is not None and plan.bounds.arena > limit:
        raise _does_not_fit(plan, limit, where)
    return plan


def _check_outputs(graph: Graph) -> None:
    constant = [graph.tensors[key] for key in graph.outputs if graph.tensors[key].is_constant]
    if constant:
        raise ModelError(
            f"Output {constant[0].name!r} of the model is a constant.",
            why=["It does not depend on the model's inputs, so there is nothing to compute."],
            hints=["Remove the output from the model and keep its value in the application."],
        )


def _fit(
    planner: _Planner, schedule: _Schedule, limit: int | None, seed: int
) -> tuple[_Schedule, Mapping[int, int]]:
    """Offsets within the limit if they can be found, trading candidates where that takes them.

    The arena may come out above its bound; then the bound has to go further down than the limit.
    """
    best, offsets = schedule, _place(schedule, seed)
    if limit is None:
        return best, offsets
    trial = schedule
    while place.arena_bytes(best.liveness, offsets) > limit:
        traded = planner.smaller(trial, min(limit, trial.lower.bytes - 1))
        if traded is trial:
            break
        trial = traded
        found = _place(trial, seed)
        if place.arena_bytes(trial.liveness, found) < place.arena_bytes(best.liveness, offsets):
            best, offsets = trial, found
    return best, offsets


def _place(schedule: _Schedule, seed: int) -> Mapping[int, int]:
    lower = schedule.lower
    return place.place(schedule.liveness, goal=lower.bytes, peak=lower.step, seed=seed)


def _plan(
    graph: Graph,
    offers: select.Offers,
    schedule: _Schedule,
    offsets: Mapping[int, int],
    objective: Objective,
) -> Plan:
    liveness = schedule.liveness
    steps: list[Step] = []
    for offer in schedule.selection.offers:
        if offer.candidate.call is not None:
            index = len(steps)
            steps.append(control.step(graph, index, offer.candidate, liveness.scratch[index]))
    return Plan(
        graph=graph,
        steps=tuple(steps),
        buffers=liveness.buffers,
        offsets=offsets,
        views=liveness.views,
        bounds=Bounds(place.arena_bytes(liveness, offsets), schedule.lower.bytes, schedule.lower.step),
        decisions=select.decide(offers, schedule.selection, schedule.given_up, objective),
    )


def _does_not_fit(plan: Plan, limit: int, where: str) -> FitError:
    peak = plan.bounds.peak_step
    layer = f"layer {peak}, {plan.steps[peak].name!r}," if 0 <= peak < len(plan.steps) else "input and output"
    return FitError(
        f"The model needs {plan.bounds.arena:,} B of arena, and {where} has {limit:,} B:"
        f" {plan.bounds.arena - limit:,} B too many.",
        why=[f"The peak is at {layer} with {plan.bounds.lower_bound:,} B alive."],
        hints=[
            "Make the tensors around the peak smaller: a lower resolution or fewer channels.",
            "Choose a board with more RAM.",
        ],
    )
