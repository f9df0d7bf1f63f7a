"""From a Plan to the ModelView that the templates are filled with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import tinygen
from tinygen.codegen import instances, names, ports, state
from tinygen.codegen.constants import ConstantPool, Stored
from tinygen.codegen.library import Footprint, Layer, Options, Port
from tinygen.codegen.view import (
    ArgumentView,
    BufferView,
    LayerView,
    ModelView,
    PointerView,
    PortView,
)
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
from tinygen.planning.plan import KernelCall, Plan

_ARENA_ALIGN = 16


@dataclass(frozen=True)
class Facts:
    """What reports and the firmware's application need besides the files."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    footprint: Footprint


@dataclass(frozen=True)
class _Builder:
    """Turns the parts of one plan into views."""

    name: str
    plan: Plan
    pool: ConstantPool
    state: state.State

    @property
    def arena(self) -> str:
        return f"{self.name.upper()}_ARENA"

    def element(self, tensor: Tensor, *, const: bool) -> str:
        """C expression of the address of a tensor's first element."""
        if not self.plan.in_arena(tensor.id):
            where = self.plan.views[tensor.id]
            return self.state.address(where.buffer, where.offset, tensor.dtype)
        kind = f"{'const ' if const else ''}{names.c_type(tensor.dtype)} *"
        return f"({kind})({self.arena} + {self.plan.address(tensor.id)})"

    def place(self, tensor: Tensor) -> str:
        """Where a tensor is, in words."""
        if self.plan.in_arena(tensor.id):
            return f"at {self.plan.address(tensor.id)}"
        where = self.plan.views[tensor.id]
        inside = f" + {where.offset} bytes" if where.offset else ""
        return f"in the state's {self.state.members[where.buffer].name}{inside}"

    def ops(self, step: KernelCall) -> tuple[Op, ...]:
        return tuple(op for op in self.plan.graph.ops if op.id in step.candidate.covers)

    def store(self, step: KernelCall) -> tuple[Mapping[str, Stored], Mapping[ConstantKind, int]]:
        """Pack the constants of a step: where each is stored, and the bytes added by kind."""
        stored: dict[str, Stored] = {}
        added = dict.fromkeys(ConstantKind, 0)
        for constant in step.candidate.constants:
            symbol = f"layer{step.index}_{constant.name}"
            stored[constant.name], size = self.pool.add(
                symbol, f"layer {step.index} {constant.name}", constant
            )
            added[stored[constant.name].kind] += size
        return stored, added

    def writes(self, step: KernelCall, tensor: int) -> bool:
        """Whether a step may write `tensor`: its outputs and the variables it updates."""
        return any(tensor in (*op.outputs, *op.updates) for op in self.ops(step))

    def pointer_type(self, step: KernelCall, pointer: Pointer, stored: Mapping[str, Stored]) -> str:
        match pointer:
            case TensorPointer(tensor):
                element = names.c_type(self.plan.graph.tensors[tensor].dtype)
                return f"{element} *" if self.writes(step, tensor) else f"const {element} *"
            case ConstantPointer(name):
                return f"const {stored[name].c_type} *"
            case ScratchPointer():
                return "uint8_t *"

    def argument(self, step: KernelCall, argument: Argument, stored: Mapping[str, Stored]) -> ArgumentView:
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
                offset = self.plan.offsets[buffer.id]
                return ArgumentView(f"{self.arena} + {offset}", f"{argument.name}, {buffer.bytes} bytes")

    def use(self, step: KernelCall, stored: Mapping[str, Stored]) -> instances.Use:
        call = _call(step)
        pointers = tuple(
            PointerView(self.pointer_type(step, item.pointer, stored), item.name) for item in call.arguments
        )
        return instances.Use(step.index, call, pointers)

    def operands(self, step: KernelCall) -> tuple[str, ...]:
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
        return LayerView(
            index=step.index,
            title=names.comment(step.name),
            op=" + ".join(
                f"{names.comment(op.kind)} (op {', '.join(map(str, op.sources))} of the model)"
                for op in self.ops(step)
            ),
            kernel=f"{step.candidate.set} {step.candidate.name}",
            operands=self.operands(step),
            instance=grouped.names[step.index],
            arguments=tuple(self.argument(step, item, stored) for item in _call(step).arguments),
            sizes=grouped.sizes[step.index],
        )

    def fact(self, step: KernelCall, added: Mapping[ConstantKind, int]) -> Layer:
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


def _call(step: KernelCall) -> Call:
    """The call of a step; planning makes no step of a candidate that has none."""
    call = step.candidate.call
    if call is None:
        raise ValueError(f"step {step.index} has nothing to call")
    return call


def _footprint(plan: Plan, pool: ConstantPool, kept: state.State) -> Footprint:
    return Footprint(
        arena=plan.bounds.arena,
        scratch=plan.scratch_bytes(),
        state=kept.bytes,
        lower_bound=plan.bounds.lower_bound,
        weights=pool.bytes(ConstantKind.WEIGHTS),
        constants=pool.bytes(ConstantKind.CONSTANTS),
    )


def build(name: str, sha256: str, plan: Plan, options: Options) -> tuple[ModelView, Facts]:
    """Prepare everything that the templates of a library need.

    Args:
        name: the model's name, a C identifier.
        sha256: hex digest of the model's file.
        plan: what to generate.
        options: see there.
    """
    pool = ConstantPool(name)
    builder = _Builder(name, plan, pool, state.lay_out(name, plan))
    tensors = plan.graph.tensors
    inputs = tuple(tensors[key] for key in plan.graph.inputs)
    outputs = tuple(tensors[key] for key in plan.graph.outputs)
    input_ports = ports.ports(name, "input", inputs)
    output_ports = ports.ports(name, "output", outputs)

    stored = [builder.store(step) for step in plan.steps]
    uses = [builder.use(step, where) for step, (where, _) in zip(plan.steps, stored, strict=True)]
    grouped = instances.group(plan, uses)
    layers = [
        builder.layer(step, where, grouped) for step, (where, _) in zip(plan.steps, stored, strict=True)
    ]
    facts = [builder.fact(step, added) for step, (_, added) in zip(plan.steps, stored, strict=True)]
    input_views = [builder.port(port, tensor) for port, tensor in zip(input_ports, inputs, strict=True)]
    output_views = [builder.port(port, tensor) for port, tensor in zip(output_ports, outputs, strict=True)]

    view = ModelView(
        name=name,
        upper=name.upper(),
        tool=f"tinygen {tinygen.__version__}",
        version=tinygen.__version__,
        sha256=sha256,
        options=names.comment(", ".join(options.stated)) or "defaults",
        flags=tuple(json.dumps(flag) for flag in (options.optimize, "-ffp-contract=off")),
        inputs=tuple(input_views),
        outputs=tuple(output_views),
        quantizes=any(port.lowest for port in input_views),
        headers=tuple(sorted({_call(step).header for step in plan.steps})),
        instances=grouped.views,
        layers=tuple(layers),
        state=state.view(builder.state, pool),
        constants=pool.views(),
        arena_bytes=plan.bounds.arena,
        arena_align=max([_ARENA_ALIGN, *(plan.buffers[key].align for key in plan.offsets)]),
        arena_used=max((offset + plan.buffers[key].bytes for key, offset in plan.offsets.items()), default=0),
        buffers=builder.buffers(),
    )
    return view, Facts(input_ports, output_ports, tuple(facts), _footprint(plan, pool, builder.state))
