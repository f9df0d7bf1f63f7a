"""Makes all graphs of a file, those first that others run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tinygen.frontend.graphs import Made, make_graph, subgraph_indices
from tinygen.frontend.schema import DamagedError, RawModel
from tinygen.ir import Graph
from tinygen.ops.operator import Violation

_DEEPEST = 16
"""Graphs that run one another; each takes its share of the stack of whoever walks through them."""

_MOST_OPS = 1 << 14
"""Of graphs that a graph runs, each counted as often as ops name it: all of them are planned and compiled."""


@dataclass(frozen=True)
class _File:
    """The graphs made so far, by index, and how many ops each has with those of the graphs that it runs."""

    raw: RawModel
    made: dict[int, Made] = field(default_factory=dict)
    ops: dict[int, int] = field(default_factory=dict)

    def named(self, index: int) -> Iterator[int]:
        """The subgraphs that the ops of a graph run, where the file has them."""
        for op in self.raw.graphs[index].operators:
            yield from (other for other in subgraph_indices(op) if 0 < other < len(self.raw.graphs))

    def make(self, index: int, path: tuple[int, ...] = ()) -> None:
        """Make a graph after those that it runs; `path` leads to it."""
        if index in self.made:
            return
        if index in path:
            raise DamagedError(f"subgraph {index} runs itself")
        if len(path) > _DEEPEST:
            raise DamagedError(f"subgraphs run one another more than {_DEEPEST} deep")
        inside = 0
        for other in self.named(index):
            self.make(other, (*path, index))
            inside += 1 + self.ops[other]
        if inside > _MOST_OPS:
            raise DamagedError(f"control flow leads to more than {_MOST_OPS} ops")
        self.ops[index] = inside + len(self.raw.graphs[index].operators)
        self.made[index] = make_graph(self.raw.graphs[index], main=index == 0, subgraphs=self.made)


def make_graphs(raw: RawModel) -> tuple[tuple[Graph, ...], tuple[Violation, ...]]:
    """The graphs of a file in its order, and the rules that the first one breaks.

    Raises:
        DamagedError: where a graph makes no sense, or graphs run one another without end.
    """
    file = _File(raw)
    for index in (*range(1, len(raw.graphs)), 0):
        file.make(index)
    return tuple(file.made[index][0] for index in range(len(raw.graphs))), tuple(file.made[0][1])
