"""A plan in C: names, addresses and pointers of what its steps touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinygen.codegen import instances, names, ports, state
from tinygen.codegen.constants import ConstantPool, Stored
from tinygen.codegen.library import Layer, Port
from tinygen.codegen.view import ArgumentView, BufferView, LayerView, PointerView, PortView
from tinygen.ir import Op, Tensor, format_type
from tinygen.kernels.interface import (
    Argument,
    Call,
    ConstantKind,
    ConstantPointer,
    Pointer,
    ScratchPointer,
    TensorPointer,
)
from tinygen.planning.plan import KernelCall, Plan, Step


@dataclass(frozen=True)
class Scope:
    """One plan of a library: the model's, or that of a branch or loop.

    Attributes:
        name: of the library.
        plan: the plan.
        pool: constants of all plans.
        state: variables of the model.
        base: where the plan's arena begins in the library's.
        path: what the labels of its layers begin with.
    """

    name: str
    plan: Plan
    pool: ConstantPool
    state: state.State
    base: int = 0
    path: str = ""

    def label(self, step: Step) -> str:
        """A step's name in C: its number, in a branch or loop after the names of what it is in."""
        return f"{self.path}{step.index}"

    @property
    def arena(self) -> str:
        """C expression of the library's arena."""
        return f"{self.name.upper()}_ARENA"

    def element(self, tensor: Tensor, *, const: bool) -> str:
        """C expression of the address of a tensor's first element."""
        if not self.plan.in_arena(tensor.id):
            where = self.plan.views[tensor.id]
            return self.state.address(where.buffer, where.offset, tensor.dtype)
        kind = f"{'const ' if const else ''}{names.c_type(tensor.dtype)} *"
        return f"({kind})({self.arena} + {self.base + self.plan.address(tensor.id)})"

    def place(self, tensor: Tensor) -> str:
        """Where a tensor is, in words."""
        if self.plan.in_arena(tensor.id):
            return f"at {self.base + self.plan.address(tensor.id)}"
        where = self.plan.views[tensor.id]
        inside = f" + {where.offset} bytes" if where.offset else ""
        return f"in the state's {self.state.members[where.buffer].name}{inside}"

    def ops(self, step: Step) -> tuple[Op, ...]:
        """The ops that a step computes."""
        return tuple(op for op in self.plan.graph.ops if op.id in step.candidate.covers)

    def store(self, step: Step) -> tuple[Mapping[str, Stored], Mapping[ConstantKind, int]]:
        """Pack the constants of a step: where each is stored, and the bytes added by kind."""
        stored: dict[str, Stored] = {}
        added = dict.fromkeys(ConstantKind, 0)
        for constant in step.candidate.constants:
            label = self.label(step)
            symbol = f"layer{label}_{constant.name}"
            stored[constant.name], size = self.pool.add(symbol, f"layer {label} {constant.name}", constant)
            added[stored[constant.name].kind] += size
        return stored, added

    def writes(self, step: Step, tensor: int) -> bool:
        """Whether a step may write `tensor`: its outputs and the variables it updates."""
        return any(tensor in (*op.outputs, *op.updates) for op in self.ops(step))

    def pointer_type(self, step: KernelCall, pointer: Pointer, stored: Mapping[str, Stored]) -> str:
        """C type of an argument."""
        match pointer:
            case TensorPointer(tensor):
                element = names.c_type(self.plan.graph.tensors[tensor].dtype)
                return f"{element} *" if self.writes(step, tensor) else f"const {element} *"
            case ConstantPointer(name):
                return f"const {stored[name].c_type} *"
            case ScratchPointer():
                return "uint8_t *"

    def argument(self, step: KernelCall, argument: Argument, stored: Mapping[str, Stored]) -> ArgumentView:
        """An argument of a step's call."""
        pointer = argument.pointer
        match pointer:
            case TensorPointer(key):
                tensor = self.plan.graph.tensors[key]
                shape = ", ".join(map(str, tensor.shape))
                value = self.element(tensor, const=not self.writes(step, key))
                return ArgumentView(value, f"{argument.name} [{shape}]")
            case ConstantPointer(name):
                return ArgumentView(stored[name].symbol, f"{argument.name} [{stored[name].values.size}]")
            case ScratchPointer(name):
                buffer = self.plan.buffers[step.scratch[name]]
                offset = self.base + self.plan.offsets[buffer.id]
                return ArgumentView(f"{self.arena} + {offset}", f"{argument.name}, {buffer.bytes} bytes")

    def use(self, step: KernelCall, stored: Mapping[str, Stored]) -> instances.Use:
        """A step's call, for grouping."""
        call = call_of(step)
        pointers = tuple(
            PointerView(self.pointer_type(step, item.pointer, stored), item.name) for item in call.arguments
        )
        return instances.Use(self.label(step), self.plan, call, pointers)

    def operands(self, step: Step) -> tuple[str, ...]:
        """What a step reads and writes, a line each."""
        lines = []
        for operand in step.candidate.operands:
            tensor = self.plan.graph.tensors[operand.tensor]
            word = "writes" if self.writes(step, operand.tensor) else "reads"
            name = names.short_comment(tensor.name)
            lines.append(f'{word:6} {format_type(tensor)} {self.place(tensor)}, "{name}"')
        return tuple(lines)

    def layer(
        self, step: KernelCall, stored: Mapping[str, Stored], grouped: instances.Instances
    ) -> LayerView:
        """The function of a kernel call."""
        label = self.label(step)
        return LayerView(
            index=step.index,
            label=label,
            title=names.comment(step.name),
            op=self.computes(step),
            kernel=f"{step.candidate.set} {step.candidate.name}",
            operands=self.operands(step),
            instance=grouped.names[label],
            arguments=tuple(self.argument(step, item, stored) for item in call_of(step).arguments),
            sizes=grouped.sizes[label],
        )

    def computes(self, step: Step) -> str:
        """The ops of a step, in words."""
        graph = f"graph {names.short_comment(self.plan.graph.name)!r}" if self.path else "the model"
        return " + ".join(
            f"{names.comment(op.kind)} (op {', '.join(map(str, op.sources))} of {graph})"
            for op in self.ops(step)
        )

    def fact(self, step: Step, added: Mapping[ConstantKind, int]) -> Layer:
        """What reports say of a step, whose constants added bytes by kind."""
        ops = self.ops(step)
        return Layer(
            index=step.index,
            name=step.name,
            op="+".join(op.kind for op in ops),
            sources=tuple(source for op in ops for source in op.sources),
            set=step.candidate.set,
            kernel=step.candidate.name,
            weights=added[ConstantKind.WEIGHTS],
            constants=added[ConstantKind.CONSTANTS],
        )

    def port(self, port: Port, tensor: Tensor) -> PortView:
        """An input or output of the model."""
        return ports.view(port, tensor, self.element(tensor, const=tensor.id not in self.plan.graph.inputs))

    def buffers(self) -> tuple[BufferView, ...]:
        """The arena's map, by address; where buffers share bytes, the one that lives earlier first."""
        placed = [(offset, self.plan.buffers[key]) for key, offset in self.plan.offsets.items()]
        placed.sort(key=lambda item: (item[0], item[1].first, item[1].id))
        last = len(self.plan.steps) - 1
        return tuple(
            BufferView(
                f"{offset:8d} {buffer.bytes:8d}  {max(buffer.first, 0):5d} {min(buffer.last, last):5d}  "
                f"{buffer.kind.value:10s}  {names.short_comment(buffer.name)}"
            )
            for offset, buffer in placed
        )


def call_of(step: KernelCall) -> Call:
    """The call of a step; planning makes no kernel call of a candidate that has none."""
    call = step.candidate.call
    if not isinstance(call, Call):
        raise TypeError(f"step {step.index} has nothing to call")
    return call
