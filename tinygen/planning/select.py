"""Which candidate computes which ops: proposals, and an exact cover of the graph by the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from tinygen.errors import ModelError
from tinygen.ir import Graph, Op
from tinygen.kernels.interface import Candidate, Cost, KernelSet, Refusal
from tinygen.planning.plan import Decision, Objective, Unsolved
from tinygen.target import Target

_CYCLES_PER_FLASH_BYTE = 64
"""What a byte of flash may cost in cycles under the balanced objective."""

_BEAM = 256
"""Partial covers kept; regions that interlock more than that are no longer covered optimally."""

Key = tuple[int, int, int, int]


def format_candidate(candidate: Candidate) -> str:
    """Kernel set and kernel, as reports print them."""
    return f"{candidate.set}/{candidate.name}"


def objective_key(cost: Cost, objective: Objective) -> tuple[int, int, int]:
    """What to minimise, most important first."""
    if objective is Objective.SIZE:
        return cost.flash, cost.cycles, cost.instructions
    if objective is Objective.BALANCED:
        return cost.cycles + _CYCLES_PER_FLASH_BYTE * cost.flash, cost.cycles, cost.instructions
    return cost.cycles, cost.instructions, cost.flash


@dataclass(frozen=True)
class Offer:
    """A candidate as selection sees it.

    Attributes:
        candidate: the candidate.
        rank: position of its kernel set; sets are tried in order, so a lower one wins over any cost.
        ops: positions in the graph of the ops that it covers, ascending.
        key: rank (once for each op) and objective, added up over a cover and minimised.
    """

    candidate: Candidate
    rank: int
    ops: tuple[int, ...]
    key: Key


@dataclass(frozen=True)
class Offers:
    """Everything the kernel sets answered.

    Attributes:
        graph: the graph.
        offers: usable candidates.
        refusals: refusals and unusable candidates, with the op ids of their region.
    """

    graph: Graph
    offers: tuple[Offer, ...]
    refusals: tuple[tuple[tuple[int, ...], Refusal], ...]


@dataclass(frozen=True)
class Selection:
    """A cover of the graph: the chosen offers in execution order."""

    offers: tuple[Offer, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The chosen candidates in execution order."""
        return tuple(offer.candidate for offer in self.offers)

    @property
    def calls(self) -> tuple[Candidate, ...]:
        """Those that call a kernel: the steps."""
        return tuple(candidate for candidate in self.candidates if candidate.call is not None)


def _defect(graph: Graph, region: Iterable[Op], candidate: Candidate) -> str | None:
    """What makes a candidate unusable, whichever others are chosen."""
    ids = {op.id for op in region}
    covers = set(candidate.covers)
    named = {operand.tensor for operand in candidate.operands}
    placed = {placement.tensor for placement in candidate.placements}
    placed |= {placement.base for placement in candidate.placements}
    if not covers or not covers <= ids:
        return f"covers ops {sorted(covers)}, which are not all of its region"
    if candidate.call is None and not candidate.placements:
        return "has neither a call nor a placement"
    constants = sorted(key for key in named if key not in graph.tensors or graph.tensors[key].is_constant)
    if constants:
        return f"takes %{constants[0]} as an activation, which is a constant"
    written = {tensor for op in region if op.id in covers for tensor in op.outputs}
    for tensor in sorted(written - named - placed):
        outside = [op for op in graph.consumers(tensor) if op.id not in covers]
        if outside or tensor in graph.outputs:
            return f"does not write %{tensor}, which other ops need"
    return None


def propose(graph: Graph, kernel_sets: Sequence[KernelSet], target: Target, objective: Objective) -> Offers:
    """Ask every kernel set about every region it knows.

    Args:
        graph: the graph.
        kernel_sets: in order of preference; later ones are the fall-back of earlier ones.
        target: the chip.
        objective: what selection will minimise.
    """
    position = {op.id: k for k, op in enumerate(graph.ops)}
    offers: list[Offer] = []
    refusals: list[tuple[tuple[int, ...], Refusal]] = []
    for rank, kernel_set in enumerate(kernel_sets):
        for region in kernel_set.regions(graph):
            ids = tuple(op.id for op in region)
            proposal = kernel_set.propose(region, graph, target)
            if isinstance(proposal, Refusal):
                refusals.append((ids, proposal))
                continue
            for candidate in proposal:
                defect = _defect(graph, region, candidate)
                if defect is not None:
                    refusals.append((ids, Refusal(candidate.set, f"{candidate.name} {defect}")))
                    continue
                ops = tuple(sorted(position[key] for key in candidate.covers))
                key = (rank * len(ops), *objective_key(candidate.cost, objective))
                offers.append(Offer(candidate, rank, ops, key))
    return Offers(graph, tuple(offers), tuple(refusals))


@dataclass(frozen=True)
class _Partial:
    key: Key = (0, 0, 0, 0)
    chosen: tuple[int, _Partial] | None = None


@dataclass
class _Cover:
    """Exact cover, op by op in execution order.

    A state is the set of later ops that chosen regions cover already; for chains of overlapping windows
    there are few. Ties go to the offer proposed first.
    """

    offers: Sequence[Offer]
    at: Mapping[int, list[int]] = field(default_factory=dict)

    def solve(self, ops: int) -> list[int] | None:
        layer: dict[frozenset[int], _Partial] = {frozenset(): _Partial()}
        for op in range(ops):
            following: dict[frozenset[int], _Partial] = {}
            for ahead, partial in layer.items():
                if op in ahead:
                    self._keep(following, ahead - {op}, partial)
                    continue
                for index in self.at.get(op, ()):
                    rest = frozenset(self.offers[index].ops[1:])
                    if not rest & ahead:
                        key = _add(partial.key, self.offers[index].key)
                        self._keep(following, ahead | rest, _Partial(key, (index, partial)))
            best = sorted(following.items(), key=lambda item: item[1].key)[:_BEAM]
            layer = dict(best)
        final = layer.get(frozenset())
        chosen = []
        while final is not None and final.chosen is not None:
            index, final = final.chosen
            chosen.append(index)
        return chosen[::-1] if frozenset() in layer else None

    @staticmethod
    def _keep(layer: dict[frozenset[int], _Partial], state: frozenset[int], partial: _Partial) -> None:
        if state not in layer or partial.key < layer[state].key:
            layer[state] = partial


def _add(first: Key, second: Key) -> Key:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2], first[3] + second[3]


def cover(offers: Offers, given_up: Iterable[Offer] = ()) -> Selection | None:
    """The best cover of the graph, in execution order, or None where there is none.

    Args:
        offers: what may be used.
        given_up: offers that may not.
    """
    without = {id(offer) for offer in given_up}
    while True:
        usable = [offer for offer in offers.offers if id(offer) not in without]
        starts: dict[int, list[int]] = defaultdict(list)
        for index, offer in enumerate(usable):
            starts[offer.ops[0]].append(index)
        chosen = _Cover(usable, starts).solve(len(offers.graph.ops))
        if chosen is None:
            return None
        picked = [usable[index] for index in chosen]
        order, stuck = _ordered(offers.graph, picked)
        if not stuck:
            return Selection(tuple(order))
        without.update(id(offer) for offer in stuck if len(offer.ops) > 1)


def _ordered(graph: Graph, chosen: Sequence[Offer]) -> tuple[list[Offer], list[Offer]]:
    """Offers in execution order, and those that wait for each other.

    Close to the order of the graph: of the offers that are ready, the one whose last op comes first.
    """
    owner = {op: k for k, offer in enumerate(chosen) for op in offer.ops}
    position = {op.id: k for k, op in enumerate(graph.ops)}
    waits: list[set[int]] = [set() for _ in chosen]
    wakes: list[set[int]] = [set() for _ in chosen]
    for before, here in (*_flow(graph, position), *_hazards(graph)):
        if owner[before] != owner[here]:
            waits[owner[here]].add(owner[before])
            wakes[owner[before]].add(owner[here])
    ready = [(chosen[k].ops[-1], k) for k in range(len(chosen)) if not waits[k]]
    heapify(ready)
    order = []
    while ready:
        _, k = heappop(ready)
        order.append(chosen[k])
        for waiting in wakes[k]:
            waits[waiting].discard(k)
            if not waits[waiting]:
                heappush(ready, (chosen[waiting].ops[-1], waiting))
    return order, [offer for k, offer in enumerate(chosen) if waits[k]]


def _flow(graph: Graph, position: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """(producer, consumer) of every tensor, as positions in the graph."""
    for here, op in enumerate(graph.ops):
        for tensor in op.inputs:
            producer = None if tensor is None else graph.producer(tensor)
            if producer is not None:
                yield position[producer.id], here


def _hazards(graph: Graph) -> Iterator[tuple[int, int]]:
    """Pairs of positions whose order is that of the program, since the later or both update a variable."""
    updated: dict[int, int] = {}
    readers: dict[int, list[int]] = defaultdict(list)
    for here, op in enumerate(graph.ops):
        for tensor in op.inputs:
            if tensor is not None and graph.tensors[tensor].variable:
                if tensor in updated:
                    yield updated[tensor], here
                readers[tensor].append(here)
        for tensor in op.updates:
            before = [*readers.pop(tensor, ()), *((updated[tensor],) if tensor in updated else ())]
            yield from ((other, here) for other in before if other != here)
            updated[tensor] = here


def unsolved(offers: Offers) -> list[Unsolved]:
    """Ops that no usable candidate covers, with every refusal that concerns them."""
    covered = {op for offer in offers.offers for op in offer.candidate.covers}
    return [
        Unsolved(op.id, tuple(refusal for region, refusal in offers.refusals if op.id in region))
        for op in offers.graph.ops
        if op.id not in covered
    ]


def unsolved_error(offers: Offers, kernel_sets: Sequence[KernelSet]) -> ModelError:
    """The error that lists all ops without a kernel and why each has none."""
    names = ", ".join(kernel_set.name for kernel_set in kernel_sets)
    ops = {op.id: op for op in offers.graph.ops}
    why = []
    for item in unsolved(offers):
        op = ops[item.op]
        layer = offers.graph.layer_name(op)
        reasons = [f"{refusal.set}: {format_refusal(refusal)}" for refusal in item.refusals]
        sources = ", ".join(map(str, op.sources)) or str(op.id)
        why.append(f"op {sources} {op.kind} {layer!r}: {'; '.join(reasons) or 'no kernel for ' + op.kind}")
    if not why:
        return ModelError(
            "The kernels for the model's ops exclude each other.",
            why=["Every op has a kernel, but no choice of kernels agrees on regions and tensor layouts."],
            hints=["Allow more kernel sets with --kernels auto."],
        )
    return ModelError(
        f"{len(why)} of the model's ops have no kernel in the kernel sets that are allowed ({names}).",
        why=why,
        hints=[
            "Change the layers named above so that the rules hold; `tinygen ops` lists what is supported.",
            "Allow more kernel sets with --kernels auto.",
        ],
    )


def format_refusal(refusal: Refusal) -> str:
    """The rule, and what the op has instead."""
    return f"{refusal.rule} (found {refusal.found})" if refusal.found else refusal.rule


def decide(
    offers: Offers, selection: Selection, given_up: Sequence[tuple[Offer, str]], objective: Objective
) -> tuple[Decision, ...]:
    """One decision per chosen candidate, with every loser among its ops and the reason.

    Args:
        offers: everything that was proposed.
        selection: what was chosen.
        given_up: offers that were given up, and why.
        objective: what selection minimised.
    """
    reasons = {id(offer): reason for offer, reason in given_up}
    by_op: dict[int, list[Offer]] = defaultdict(list)
    for offer in offers.offers:
        for op in offer.candidate.covers:
            by_op[op].append(offer)
    refused: dict[int, list[Refusal]] = defaultdict(list)
    for region, refusal in offers.refusals:
        for op in region:
            refused[op].append(refusal)
    decisions = []
    for chosen in selection.offers:
        losers: dict[int, tuple[str, str]] = {}
        for op in chosen.candidate.covers:
            for offer in by_op[op]:
                if offer is not chosen:
                    reason = reasons.get(id(offer)) or _why_not(offer, chosen, objective)
                    losers[id(offer)] = (format_candidate(offer.candidate), reason)
            for refusal in refused[op]:
                losers[id(refusal)] = (refusal.set, format_refusal(refusal))
        name = format_candidate(chosen.candidate)
        decisions.append(Decision(chosen.candidate.covers, name, tuple(losers.values())))
    return tuple(decisions)


def _why_not(offer: Offer, chosen: Offer, objective: Objective) -> str:
    if offer.rank > chosen.rank:
        return f"{chosen.candidate.set} comes before {offer.candidate.set}"
    if offer.ops != chosen.ops:
        return f"covers ops {list(offer.candidate.covers)}, which costs more over all"
    cost, best = offer.candidate.cost, chosen.candidate.cost
    if objective is Objective.SIZE:
        return f"{cost.flash:,} B of flash, not {best.flash:,}"
    return f"{cost.cycles:,} cycles, not {best.cycles:,}"
