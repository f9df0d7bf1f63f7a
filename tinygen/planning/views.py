"""Where tensors live inside each other: placements followed to the tensor that owns the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Graph, Tensor
from tinygen.kernels.interface import Candidate, Layout, Operand, Placement


@dataclass(frozen=True)
class Location:
    """Where a tensor lives.

    Attributes:
        root: the tensor that owns the bytes; itself for a tensor that is no view.
        offset: bytes from the root's first.
        pitch: elements from one pixel to the next.
    """

    root: int
    offset: int
    pitch: int


class PlacementError(Exception):
    """Chosen candidates that contradict each other; planning gives one of them up.

    Attributes:
        culprits: the candidates, each once, the one to give up first at the front.
        reason: for the plan's decisions.
    """

    def __init__(self, culprits: Sequence[Candidate], reason: str) -> None:
        super().__init__(reason)
        self.culprits = tuple({id(culprit): culprit for culprit in culprits}.values())
        self.reason = reason


def dense_pitch(tensor: Tensor) -> int:
    """Elements from one pixel to the next where nothing lies between them; 1 for a scalar."""
    return tensor.shape[-1] if tensor.shape else 1


def span(tensor: Tensor, pitch: int) -> int:
    """Bytes from a tensor's first to its last, at a pitch of that many elements."""
    if tensor.elements == 0:
        return 0
    row = dense_pitch(tensor)
    return ((tensor.elements // row - 1) * pitch + row) * tensor.dtype.bytes


@dataclass(frozen=True)
class _Link:
    placement: Placement
    owner: Candidate


class _Forest:
    """Placements as links from a tensor to the one it lies in; each tensor has one home."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.links: dict[int, _Link] = {}

    def chain(self, tensor: int) -> list[Placement]:
        """Placements from `tensor` up to the one in its root."""
        found = []
        while tensor in self.links:
            found.append(self.links[tensor].placement)
            tensor = found[-1].base
        return found

    def root(self, tensor: int) -> int:
        """The tensor that owns the bytes."""
        chain = self.chain(tensor)
        return chain[-1].base if chain else tensor

    def owners(self, tensor: int) -> list[Candidate]:
        """The candidates that put `tensor` where it is: the one that placed it, then its base, and so on."""
        return [self.links[placement.tensor].owner for placement in self.chain(tensor)]

    def add(self, placement: Placement, owner: Candidate) -> None:
        """Let a tensor live in another; where it has a home already, move that home along if possible."""
        tensor = placement.tensor
        if self.root(placement.base) == self.root(tensor):
            reason = f"%{tensor} and %{placement.base} already share their bytes"
            raise PlacementError([owner, *self.owners(tensor)], reason)
        if self.graph.tensors[tensor].variable:
            raise PlacementError([owner], f"%{tensor} is a variable, with a place of its own")
        if tensor in self.links:
            self._make_root(tensor, owner)
        self.links[tensor] = _Link(placement, owner)

    def _make_root(self, tensor: int, newcomer: Candidate) -> None:
        """Turn the links above `tensor` round, which needs each to be an alias of all of its base."""
        chain = [self.links[placement.tensor] for placement in self.chain(tensor)]
        for depth, link in enumerate(chain, 1):
            base = link.placement.base
            if self.graph.tensors[base].variable:
                # Reading the variable in place gives way: its bytes are copied to where they are wanted.
                raise PlacementError([link.owner, newcomer], f"%{tensor} is read from %{base} in place")
            if not self._is_alias(link.placement):
                owners = self.owners(tensor)[:depth]
                raise PlacementError([newcomer, *owners], f"%{tensor} lies inside %{base} already")
        for link in chain:
            del self.links[link.placement.tensor]
        for link in chain:
            turned = Placement(tensor=link.placement.base, base=link.placement.tensor)
            self.links[turned.tensor] = _Link(turned, link.owner)

    def _is_alias(self, placement: Placement) -> bool:
        tensor, base = self.graph.tensors[placement.tensor], self.graph.tensors[placement.base]
        dense = placement.pitch in (None, dense_pitch(tensor))
        return dense and placement.offset == 0 and tensor.bytes == base.bytes


def _within(base: Location, base_tensor: Tensor, placement: Placement, tensor: Tensor) -> Location | None:
    """Location of a tensor placed in `base`, or None where no single pitch describes it.

    The placement counts bytes of a dense base; where the base itself has gaps between its pixels, they
    have to be added, which works for whole pixels and for parts of one.
    """
    row = dense_pitch(base_tensor)
    pitch = placement.pitch or dense_pitch(tensor)
    if row in (base.pitch, base_tensor.elements):
        return Location(base.root, base.offset + placement.offset, pitch)
    size = base_tensor.dtype.bytes
    pixels, inside = divmod(placement.offset, row * size)
    if inside + dense_pitch(tensor) * tensor.dtype.bytes > row * size:
        return None
    one_pixel = tensor.elements == dense_pitch(tensor)
    if not one_pixel and pitch % row:
        return None
    offset = base.offset + pixels * base.pitch * size + inside
    return Location(base.root, offset, pitch if one_pixel else pitch // row * base.pitch)


def _demands(graph: Graph, chosen: Iterable[Candidate]) -> Mapping[int, int]:
    """The first pitch that a candidate insists on, by tensor; one-pixel tensors have any pitch."""
    demands: dict[int, int] = {}
    for candidate in chosen:
        for operand in candidate.operands:
            tensor = graph.tensors[operand.tensor]
            if operand.pitch is not None and tensor.elements != dense_pitch(tensor):
                demands.setdefault(operand.tensor, operand.pitch)
    return demands


def _involved(chosen: Iterable[Candidate], forest: _Forest, tensor: int) -> list[Candidate]:
    """Candidates that place a tensor in the buffer of `tensor` or insist on a pitch there."""
    root = forest.root(tensor)
    found = []
    for candidate in chosen:
        tensors = [placement.tensor for placement in candidate.placements]
        tensors += [operand.tensor for operand in candidate.operands if operand.pitch is not None]
        if any(forest.root(key) == root for key in tensors):
            found.append(candidate)
    return found


def _generations(graph: Graph) -> Mapping[tuple[int, int], int]:
    """How often a variable has been updated when an op makes a tensor from it, by (variable, tensor)."""
    now: dict[int, int] = {}
    found: dict[tuple[int, int], int] = {}
    for op in graph.ops:
        for read in op.inputs:
            if read is not None and graph.tensors[read].variable:
                found.update({(read, made): now.get(read, 0) for made in op.outputs})
        for key in op.updates:
            now[key] = now.get(key, 0) + 1
    return found


@dataclass(frozen=True)
class _Resolver:
    """Locations of one choice of candidates."""

    graph: Graph
    chosen: Sequence[Candidate]
    forest: _Forest

    def locate(self) -> dict[int, Location]:
        """Locations of all activations, bases before what lies in them."""
        demands = _demands(self.graph, self.chosen)
        locations: dict[int, Location] = {}
        for key, tensor in self.graph.tensors.items():
            if tensor.is_constant:
                continue
            chain = self.forest.chain(key)
            root = chain[-1].base if chain else key
            owner = self.graph.tensors[root]
            pitch = dense_pitch(owner) if owner.variable else demands.get(root, dense_pitch(owner))
            locations.setdefault(root, Location(root, 0, pitch))
            for placement in reversed(chain):
                if placement.tensor not in locations:
                    locations[placement.tensor] = self._place(locations[placement.base], placement)
        return locations

    def _place(self, base: Location, placement: Placement) -> Location:
        tensors = self.graph.tensors
        found = _within(base, tensors[placement.base], placement, tensors[placement.tensor])
        if found is None:
            owner = self.forest.links[placement.tensor].owner
            raise self._conflict(
                placement.tensor, f"%{placement.tensor} has no single pitch inside %{placement.base}", owner
            )
        return found

    def check(self, locations: Mapping[int, Location]) -> None:
        """Check that the caller's tensors are dense, and that operands are found as they are wanted."""
        for key in (*self.graph.inputs, *self.graph.outputs):
            tensor = self.graph.tensors[key]
            row = dense_pitch(tensor)
            if key in locations and locations[key].pitch != row != tensor.elements:
                raise self._conflict(key, f"%{key} belongs to the caller, and its pixels are not dense")
        layouts = dict.fromkeys((*self.graph.inputs, *self.graph.outputs), Layout.ROW_MAJOR)
        for candidate in self.chosen:
            for operand in candidate.operands:
                self._check_pitch(candidate, operand, locations[operand.tensor])
                layout = layouts.setdefault(operand.tensor, operand.layout).value
                if layout != operand.layout.value:
                    reason = f"%{operand.tensor} is {layout}, not {operand.layout.value}"
                    raise PlacementError([candidate], reason)

    def _check_pitch(self, candidate: Candidate, operand: Operand, found: Location) -> None:
        tensor = self.graph.tensors[operand.tensor]
        if self.graph.tensors[found.root].is_constant:
            raise self._conflict(operand.tensor, f"%{operand.tensor} would lie in a constant")
        if operand.pitch not in (None, found.pitch) and tensor.elements != dense_pitch(tensor):
            reason = f"%{operand.tensor} has a pitch of {found.pitch} elements, not {operand.pitch}"
            raise self._conflict(operand.tensor, reason, candidate)

    def check_freshness(self, locations: Mapping[int, Location]) -> None:
        """Check that what is read from a variable in place is read before the variable changes."""
        expected = _generations(self.graph)
        now = dict.fromkeys((tensor.id for tensor in self.graph.variables), 0)
        ops = {op.id: op for op in self.graph.ops}

        def expect(tensor: int, changes: frozenset[int]) -> None:
            root = locations[tensor].root
            if root == tensor or root not in now:
                return
            read = self.forest.chain(tensor)[-1].tensor
            if now[root] != expected.get((root, read)) or root in changes:
                owner = self.forest.links[read].owner
                raise self._conflict(
                    tensor, f"%{tensor} lies in %{root}, which changes before it is used", owner
                )

        for candidate in self.chosen:
            updates = [key for covered in candidate.covers for key in ops[covered].updates]
            if candidate.call is not None:
                for operand in candidate.operands:
                    expect(operand.tensor, frozenset(updates))
            for key in updates:
                now[key] += 1
        for key in self.graph.outputs:
            expect(key, frozenset())

    def _conflict(self, tensor: int, reason: str, *first: Candidate) -> PlacementError:
        involved = _involved(self.chosen, self.forest, tensor)
        return PlacementError([*first, *self.forest.owners(tensor), *involved], reason)


def resolve(graph: Graph, chosen: Sequence[Candidate]) -> Mapping[int, Location]:
    """Location of every activation of `graph` under the placements of the chosen candidates.

    Args:
        graph: the graph.
        chosen: candidates in execution order.

    Raises:
        PlacementError: when they want a tensor in two places, at two pitches or in two layouts, or one of
            the graph's inputs or outputs with gaps between its pixels.
    """
    forest = _Forest(graph)
    for candidate in chosen:
        for placement in candidate.placements:
            forest.add(placement, candidate)
    resolver = _Resolver(graph, chosen, forest)
    locations = resolver.locate()
    resolver.check(locations)
    if graph.variables:
        resolver.check_freshness(locations)
    return locations
