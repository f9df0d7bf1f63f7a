"""The kernel sets that exist: the built-in ones and those that other packages register."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Literal

from tinygen.errors import UsageError
from tinygen.kernels.interface import KernelSet
from tinygen.kernels.portable import PORTABLE

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
        try:
            loaded: KernelSet = point.load()
        except Exception as error:
            raise UsageError(
                f"The kernel set {point.name!r} cannot be loaded.",
                why=[f"{point.value} raised {type(error).__name__}: {error}"],
                hints=["Update or uninstall the package that registers it."],
            ) from error
        if point.name in sets:
            raise UsageError(
                f"There are two kernel sets named {point.name!r}.",
                why=[f"{point.value} registers it a second time."],
                hints=["Uninstall one of the packages."],
            )
        sets[point.name] = loaded
    return MappingProxyType(sets)


@cache
def kernel_sets() -> Mapping[str, KernelSet]:
    """Every kernel set by its CLI name, "portable" last.

    Raises:
        UsageError: as `with_third_party`.
    """
    sets = dict(with_third_party({PORTABLE.name: PORTABLE}, entry_points(group=ENTRY_POINT_GROUP)))
    sets[PORTABLE.name] = sets.pop(PORTABLE.name)
    return MappingProxyType(sets)


def select(names: Literal["auto"] | Sequence[str]) -> tuple[KernelSet, ...]:
    """The sets that planning may use, "portable" always last and always there.

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
    return (*(sets[name] for name in wanted if name != PORTABLE.name), sets[PORTABLE.name])
