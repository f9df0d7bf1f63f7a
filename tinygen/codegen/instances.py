"""Kernel instances: one C function for each distinct set of constants a kernel template is compiled with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.codegen import literals
from tinygen.codegen.view import FieldView, InstanceView, PointerView
from tinygen.kernels.interface import Call, Parameter
from tinygen.planning.plan import Plan


@dataclass(frozen=True)
class _Field:
    """A parameter with its value known."""

    name: str
    c_type: str
    value: str
    specialize: bool


_Key = tuple[str, tuple[PointerView, ...], tuple[_Field | str, ...]]


@dataclass(frozen=True)
class Use:
    """A layer's call: the layer's label, its plan, the call, and the pointer types it passes."""

    layer: str
    plan: Plan
    call: Call
    pointers: tuple[PointerView, ...]


@dataclass(frozen=True)
class Instances:
    """The instances of a plan.

    Attributes:
        views: in order of first use.
        names: the instance that a layer calls, by the layer's label.
        sizes: the run-time fields of a layer's call, by the layer's label.
    """

    views: tuple[InstanceView, ...]
    names: Mapping[str, str]
    sizes: Mapping[str, tuple[FieldView, ...]]


def _resolve(plan: Plan, parameter: Parameter) -> _Field:
    value = plan.parameter(parameter.value)
    c_type = "int32_t" if isinstance(value, int | np.integer) else "float"
    return _Field(parameter.name, c_type, literals.scalar(value), parameter.specialize)


def _words(layers: Sequence[str]) -> str:
    numbers = ", ".join(layers)
    return f"layer {numbers}" if len(layers) == 1 else f"layers {numbers}"


def _varying(calls: Sequence[tuple[_Field, ...]]) -> frozenset[str]:
    """Names of the run-time fields on which the calls differ: the others are constants of all of them."""
    return frozenset(
        first.name
        for position, first in enumerate(calls[0])
        if not first.specialize and any(call[position].value != first.value for call in calls)
    )


def _view(
    name: str, use: Use, layers: Sequence[str], fields: tuple[_Field, ...], varying: frozenset[str]
) -> InstanceView:
    return InstanceView(
        name=name,
        template=use.call.function,
        params=use.call.params or "",
        pointers=use.pointers,
        sizes=tuple(FieldView(item.c_type, item.name, "") for item in fields if item.name in varying),
        fields=tuple(
            FieldView(item.c_type, item.name, f"sizes->{item.name}" if item.name in varying else item.value)
            for item in fields
        ),
        users=_words(layers),
    )


def group(uses: Sequence[Use]) -> Instances:
    """Group calls into instances.

    Calls share an instance where template, pointer types and specialised parameters are equal. A run-time
    parameter on which all calls of an instance agree is a constant of the instance, too.
    """
    grouped: dict[_Key, list[tuple[Use, tuple[_Field, ...]]]] = {}
    for use in uses:
        fields = tuple(_resolve(use.plan, parameter) for parameter in use.call.parameters)
        key = (
            use.call.function,
            use.pointers,
            tuple(item if item.specialize else item.name for item in fields),
        )
        grouped.setdefault(key, []).append((use, fields))

    views: list[InstanceView] = []
    instance_names: dict[str, str] = {}
    sizes: dict[str, tuple[FieldView, ...]] = {}
    counter: Counter[str] = Counter()
    for (function, _, _), members in grouped.items():
        stem = function.removeprefix("tg_")
        name = f"{stem}_{counter[stem]}"
        counter[stem] += 1
        varying = _varying([fields for _, fields in members])
        first, first_fields = members[0]
        views.append(_view(name, first, [use.layer for use, _ in members], first_fields, varying))
        for use, fields in members:
            instance_names[use.layer] = name
            sizes[use.layer] = tuple(
                FieldView(item.c_type, item.name, item.value) for item in fields if item.name in varying
            )
    return Instances(tuple(views), instance_names, sizes)
