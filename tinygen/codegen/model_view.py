"""From a Plan to the ModelView that the templates are filled with."""

from __future__ import annotations

import json
from dataclasses import dataclass

import tinygen
from tinygen.codegen import control, instances, names, ports, state
from tinygen.codegen.constants import ConstantPool
from tinygen.codegen.library import Footprint, Layer, Options, Port
from tinygen.codegen.scope import Scope, call_of
from tinygen.codegen.view import InstanceView, LayerView, ModelView
from tinygen.kernels.interface import ConstantKind
from tinygen.planning.plan import KernelCall, Plan

_ARENA_ALIGN = 16


@dataclass(frozen=True)
class Facts:
    """What reports and the firmware's application need besides the files."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    footprint: Footprint


def _footprint(plan: Plan, pool: ConstantPool, kept: state.State) -> Footprint:
    return Footprint(
        arena=plan.bounds.arena,
        scratch=plan.scratch_bytes(),
        state=kept.bytes,
        lower_bound=plan.bounds.lower_bound,
        weights=pool.bytes(ConstantKind.WEIGHTS),
        constants=pool.bytes(ConstantKind.CONSTANTS),
    )


@dataclass(frozen=True)
class _Functions:
    """Instances of kernels, and a function for each layer after those that it calls."""

    instances: tuple[InstanceView, ...]
    layers: tuple[LayerView, ...]


def _functions(scope: Scope) -> tuple[_Functions, tuple[Layer, ...]]:
    """The functions of all steps, and the facts on the model's own; what these run counts as theirs."""
    found = list(control.all_steps(scope))
    stored = [where.store(step) for where, step in found]
    uses = [
        where.use(step, symbols)
        for (where, step), (symbols, _) in zip(found, stored, strict=True)
        if isinstance(step, KernelCall)
    ]
    grouped = instances.group(uses)
    layers: list[LayerView] = []
    facts: list[Layer] = []
    added = dict.fromkeys(ConstantKind, 0)
    for (where, step), (symbols, sizes) in zip(found, stored, strict=True):
        if isinstance(step, KernelCall):
            layers.append(where.layer(step, symbols, grouped))
        else:
            layers.append(control.layer(where, step, symbols))
        added = {kind: added[kind] + sizes[kind] for kind in ConstantKind}
        if where is scope:
            facts.append(scope.fact(step, added))
            added = dict.fromkeys(ConstantKind, 0)
    return _Functions(grouped.views, tuple(layers)), tuple(facts)


def build(name: str, sha256: str, plan: Plan, options: Options) -> tuple[ModelView, Facts]:
    """Prepare everything that the templates of a library need.

    Args:
        name: the model's name, a C identifier.
        sha256: hex digest of the model's file.
        plan: what to generate.
        options: see there.
    """
    pool = ConstantPool(name)
    builder = Scope(name, plan, pool, state.lay_out(name, plan))
    tensors = plan.graph.tensors
    inputs = tuple(tensors[key] for key in plan.graph.inputs)
    outputs = tuple(tensors[key] for key in plan.graph.outputs)
    input_ports = ports.ports(name, "input", inputs)
    output_ports = ports.ports(name, "output", outputs)

    functions, facts = _functions(builder)
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
        headers=tuple(sorted({call_of(step).header for step in plan.calls()})),
        instances=functions.instances,
        layers=tuple(item for item in functions.layers if item.label == str(item.index)),
        functions=functions.layers,
        state=state.view(builder.state, pool),
        constants=pool.views(),
        arena_bytes=plan.bounds.arena,
        arena_align=max([_ARENA_ALIGN, *(plan.buffers[key].align for key in plan.offsets)]),
        arena_used=max((offset + plan.buffers[key].bytes for key, offset in plan.offsets.items()), default=0),
        buffers=builder.buffers(),
    )
    return view, Facts(input_ports, output_ports, facts, _footprint(plan, pool, builder.state))
