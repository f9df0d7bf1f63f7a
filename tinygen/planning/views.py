"""Where tensors live inside each other: placements followed to the tensor that owns the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Graph, Tensor
from tinygen.kernels.interface import Candidate, Layout, Placement


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
        culprits: the candidates, the one to give up first at the front.
        reason: for the plan's decisions.
    """

    def __init__(self, culprits: Sequence[Candidate], reason: str) -> None:
        super().__init__(reason)
        self.culprits = tuple(culprits)
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

    def root(self, tensor: int) -> int:
        while tensor in self.links:
            tensor = self.links[tensor].placement.base
        return tensor

    def add(self, placement: Placement, owner: Candidate) -> None:
        """Let a tensor live in another; where it has a home already, move that home along if possible."""
        tensor = placement.tensor
        if self.root(placement.base) == self.root(tensor):
            raise PlacementError([owner], f"%{tensor} and %{placement.base} already share their bytes")
        if tensor in self.links:
            self._make_root(tensor, owner)
        self.links[tensor] = _Link(placement, owner)

    def _make_root(self, tensor: int, newcomer: Candidate) -> None:
        """Turn the links above `tensor` round, which needs each to be an alias of all of its base."""
        chain = []
        here = tensor
        while here in self.links:
            chain.append(self.links[here])
            here = self.links[here].placement.base
        for link in chain:
            if not self._is_alias(link.placement):
                raise PlacementError([newcomer, link.owner], f"%{tensor} lies inside %{here} already")
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


def _demands(graph: Graph, chosen: Iterable[Candidate]) -> Mapping[int, Candidate]:
    """The first candidate that insists on a pitch, by tensor; one-pixel tensors have any pitch."""
    demands: dict[int, Candidate] = {}
    for candidate in chosen:
        for operand in candidate.operands:
            tensor = graph.tensors[operand.tensor]
            if operand.pitch is not None and tensor.elements != dense_pitch(tensor):
                demands.setdefault(operand.tensor, candidate)
    return demands


def _pitch(candidate: Candidate, tensor: int) -> int | None:
    return next((operand.pitch for operand in candidate.operands if operand.tensor == tensor), None)


def _check_operands(graph: Graph, chosen: Sequence[Candidate], locations: Mapping[int, Location]) -> None:
    layouts: dict[int, Layout] = dict.fromkeys((*graph.inputs, *graph.outputs), Layout.ROW_MAJOR)
    for candidate in chosen:
        for operand in candidate.operands:
            tensor = graph.tensors[operand.tensor]
            found = locations[operand.tensor].pitch
            if graph.tensors[locations[operand.tensor].root].is_constant:
                placers = _placers(chosen, locations, operand.tensor)
                raise PlacementError(placers, f"%{operand.tensor} would lie in a constant")
            if operand.pitch not in (None, found) and tensor.elements != dense_pitch(tensor):
                reason = f"%{operand.tensor} has a pitch of {found} elements, not {operand.pitch}"
                raise PlacementError([candidate, *_placers(chosen, locations, operand.tensor)], reason)
            layout = layouts.setdefault(operand.tensor, operand.layout).value
            if layout != operand.layout.value:
                reason = f"%{operand.tensor} is {layout}, not {operand.layout.value}"
                raise PlacementError([candidate], reason)


def _placers(chosen: Sequence[Candidate], locations: Mapping[int, Location], tensor: int) -> list[Candidate]:
    """Candidates with a placement in the buffer of `tensor`."""
    root = locations[tensor].root
    return [
        candidate
        for candidate in chosen
        if any(locations[placement.tensor].root == root for placement in candidate.placements)
    ]


def resolve(graph: Graph, chosen: Sequence[Candidate]) -> Mapping[int, Location]:
    """Location of every activation of `graph` under the placements of the chosen candidates.

    Args:
        graph: the graph.
        chosen: candidates in execution order.

    Raises:
        PlacementError: when they want a tensor in two places, at two pitches or in two layouts.
    """
    forest = _Forest(graph)
    for candidate in chosen:
        for placement in candidate.placements:
            forest.add(placement, candidate)
    demands = _demands(graph, chosen)
    locations: dict[int, Location] = {}

    def locate(tensor: int) -> None:
        chain = []
        here = tensor
        while here not in locations and here in forest.links:
            chain.append(here)
            here = forest.links[here].placement.base
        if here not in locations:
            wanted = _pitch(demands[here], here) if here in demands else None
            locations[here] = Location(here, 0, wanted or dense_pitch(graph.tensors[here]))
        for view in reversed(chain):
            link = forest.links[view]
            base = link.placement.base
            found = _within(locations[base], graph.tensors[base], link.placement, graph.tensors[view])
            if found is None:
                raise PlacementError([link.owner], f"%{view} has no single pitch inside %{base}")
            locations[view] = found

    for key, tensor in graph.tensors.items():
        if not tensor.is_constant:
            locate(key)
    _check_operands(graph, chosen, locations)
    return locations
