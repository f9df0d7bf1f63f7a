"""The kernel sets that exist: the built-in ones and those that other packages register."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Literal, cast

from tinygen import plugins
from tinygen.errors import UsageError
from tinygen.kernels.custom import SET as CUSTOM
from tinygen.kernels.custom import CustomOperator
from tinygen.kernels.interface import FamilySet, KernelSet
from tinygen.kernels.portable import PORTABLE
from tinygen.ops import registry as operators

ENTRY_POINT_GROUP = "tinygen.kernel_sets"
"""Entry points of this group name a `KernelSet` instance; the entry point's name is the CLI's name of it."""


def with_third_party(
    built_in: Mapping[str, KernelSet], points: Iterable[EntryPoint]
) -> Mapping[str, KernelSet]:
    """`built_in` and the sets that `points` load, in that order.

    Raises:
        UsageError: when a set cannot be loaded, or has the name of another one.
    """
    sets = dict(built_in)
    for point in points:
        loaded = plugins.load(point, "kernel set")
        if point.name in sets:
            raise plugins.twice(point, "kernel set", point.name)
        sets[point.name] = cast(KernelSet, loaded)
    return MappingProxyType(sets)


def custom_set(points: Iterable[EntryPoint]) -> KernelSet | None:
    """The kernels that come with operators of other packages; None where there are none.

    Raises:
        UsageError: where one cannot be loaded, or is no `CustomOperator`.
    """
    families = {}
    for point in points:
        loaded = plugins.load(point, "operator")
        if not isinstance(loaded, CustomOperator):
            raise plugins.not_a(point, "operator", "a tinygen.kernels.custom.CustomOperator")
        families[loaded.operator.kind] = loaded.propose
    return FamilySet(CUSTOM, families) if families else None


@cache
def kernel_sets() -> Mapping[str, KernelSet]:
    """Every kernel set by its CLI name, "portable" last.

    Raises:
        UsageError: as `with_third_party` and `custom_set`.
    """
    own = {PORTABLE.name: PORTABLE}
    custom = custom_set(entry_points(group=operators.ENTRY_POINT_GROUP))
    always = own if custom is None else {CUSTOM: custom, **own}
    sets = with_third_party(always, entry_points(group=ENTRY_POINT_GROUP))
    others = {name: kernel_set for name, kernel_set in sets.items() if name not in always}
    return MappingProxyType({**others, **always})


def select(names: Literal["auto"] | Sequence[str]) -> tuple[KernelSet, ...]:
    """The sets that planning may use; last, and always there, "custom" where there is one and "portable".

    Args:
        names: "auto" for every set, else CLI names, best first.

    Raises:
        UsageError: for a name that no set has, with the nearest names.
    """
    sets = kernel_sets()
    wanted = list(sets) if names == "auto" else list(dict.fromkeys(names))
    for name in wanted:
        if name not in sets:
            near = difflib.get_close_matches(name, sets)
            raise UsageError(
                f"There is no kernel set named {name!r}.",
                why=[f"Kernel sets: {', '.join(sets)}."],
                hints=[f"Use {match!r}." for match in near] or ['Use "auto" to allow every set.'],
            )
    always = [name for name in (CUSTOM, PORTABLE.name) if name in sets]
    return tuple(sets[name] for name in (*(name for name in wanted if name not in always), *always))
