"""Branches and loops: which blocks of layers run, and what is copied into and out of them.

The order of copies is that of TFLM: tensorflow/lite/micro/kernels/{if,while}.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tinygen.codegen import names
from tinygen.codegen.constants import Stored
from tinygen.codegen.scope import Scope
from tinygen.codegen.view import BlockView, ControlView, CopyView, LayerView
from tinygen.ir import Graph, Op, Tensor
from tinygen.planning.plan import ARENA, Branch, KernelCall, Loop

_WORDS = {Branch: ("then", "else"), Loop: ("condition", "body")}

Place = tuple[str, str]
"""C expression of a pointer to a tensor's first element, and the tensor's name."""


def inner_scopes(scope: Scope, step: Branch | Loop) -> tuple[Scope, ...]:
    """The plans that a step runs; all have their arena in the same scratch."""
    base = scope.base
    if ARENA in step.scratch:
        base += scope.plan.offsets[step.scratch[ARENA]]
    return tuple(
        replace(scope, plan=plan, base=base, path=f"{scope.label(step)}_{word}_")
        for word, plan in zip(_WORDS[type(step)], step.plans, strict=True)
    )


def all_steps(scope: Scope) -> Iterator[tuple[Scope, KernelCall | Branch | Loop]]:
    """Every step, those that a step runs before it."""
    for step in scope.plan.steps:
        if not isinstance(step, KernelCall):
            for inner in inner_scopes(scope, step):
                yield from all_steps(inner)
        yield scope, step


def _name(tensor: Tensor) -> str:
    return f'"{names.short_comment(tensor.name)}"'


class _Copies:
    """What a step of control flow copies between its op and the graphs that it runs."""

    def __init__(self, scope: Scope, step: Branch | Loop, stored: Mapping[str, Stored]) -> None:
        self.scope = scope
        self.stored = stored
        self.op: Op = scope.ops(step)[0]
        self.inner = inner_scopes(scope, step)

    def source(self, role: str, scope: Scope, tensor: Tensor) -> Place:
        """Where an operand is read: its constant, or in the plan."""
        where = self.stored[role].symbol if tensor.is_constant else scope.element(tensor, const=True)
        return where, _name(tensor)

    def operands(self) -> list[Place]:
        """The op's inputs."""
        tensors = [self.scope.plan.graph.tensors[key] for key in self.op.inputs if key is not None]
        return [self.source(f"input{k}", self.scope, tensor) for k, tensor in enumerate(tensors)]

    def carried(self) -> list[Place]:
        """The op's outputs, to be read."""
        return [self.source("", self.scope, tensor) for tensor in self._outputs()]

    def results(self, index: int) -> list[Place]:
        """The outputs of one of the subgraphs."""
        graph = self.op.subgraphs[index]
        tensors = [graph.tensors[key] for key in graph.outputs]
        return [
            self.source(f"output{index}_{k}", self.inner[index], tensor) for k, tensor in enumerate(tensors)
        ]

    def into(self, index: int, sources: Sequence[Place]) -> tuple[CopyView, ...]:
        """Copies to those inputs of a subgraph that it reads."""
        graph, inner = self.op.subgraphs[index], self.inner[index]
        return tuple(
            self._copy(source, graph.tensors[key], inner)
            for source, key in zip(sources, graph.inputs, strict=True)
            if key in inner.plan.graph.inputs
        )

    def out(self, sources: Sequence[Place]) -> tuple[CopyView, ...]:
        """Copies to the op's outputs."""
        pairs = zip(sources, self._outputs(), strict=True)
        return tuple(self._copy(source, tensor, self.scope) for source, tensor in pairs)

    def block(self, index: int, before: Sequence[Place], *, results: bool) -> BlockView:
        """One of the subgraphs, with what is copied before it and after it."""
        inner = self.inner[index]
        return BlockView(
            title=names.short_comment(self.op.subgraphs[index].name),
            before=self.into(index, before),
            layers=tuple(inner.label(step) for step in inner.plan.steps),
            after=self.out(self.results(index)) if results else (),
        )

    def _outputs(self) -> list[Tensor]:
        graph: Graph = self.scope.plan.graph
        return [graph.tensors[key] for key in self.op.outputs]

    @staticmethod
    def _copy(source: Place, target: Tensor, scope: Scope) -> CopyView:
        note = f"{source[1]} to {_name(target)}"
        return CopyView(scope.element(target, const=False), source[0], target.bytes, note)


def _control(copies: _Copies, step: Branch | Loop) -> ControlView:
    if isinstance(step, Branch):
        condition, *given = copies.operands()
        return ControlView(
            loop=False,
            condition=condition[0],
            before=(),
            blocks=tuple(copies.block(index, given, results=True) for index in range(2)),
        )
    return ControlView(
        loop=True,
        condition=copies.results(0)[0][0],
        before=copies.out(copies.operands()),
        blocks=(
            copies.block(0, copies.carried(), results=False),
            copies.block(1, copies.carried(), results=True),
        ),
    )


def layer(scope: Scope, step: Branch | Loop, stored: Mapping[str, Stored]) -> LayerView:
    """The function of a branch or loop."""
    return LayerView(
        index=step.index,
        label=scope.label(step),
        title=names.comment(step.name),
        op=scope.computes(step),
        kernel=f"{step.candidate.set} {step.candidate.name}",
        operands=scope.operands(step),
        control=_control(_Copies(scope, step, stored), step),
    )
