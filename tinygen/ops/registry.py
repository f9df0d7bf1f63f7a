"""All operators: each module of this package has an `OPERATOR` or several `OPERATORS`; plugins bring more."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

import tinygen.ops as package
from tinygen import plugins
from tinygen.ops.operator import Operator

ENTRY_POINT_GROUP = "tinygen.operators"
"""Entry points of this group name an object whose attribute `operator` is an `Operator`.

In practice that is a `tinygen.kernels.custom.CustomOperator`, which brings the kernel, too.
"""


@cache
def built_in() -> Mapping[str, Operator]:
    """The operators that tinygen ships, by kind, in alphabetical order."""
    found: dict[str, Operator] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        single = getattr(module, "OPERATOR", None)
        for operator in (single,) if single else getattr(module, "OPERATORS", ()):
            found[operator.kind] = operator
    return MappingProxyType(dict(sorted(found.items())))


def with_third_party(known: Mapping[str, Operator], points: Iterable[EntryPoint]) -> Mapping[str, Operator]:
    """`known` and the operators that `points` load, in alphabetical order.

    Raises:
        UsageError: where one cannot be loaded, is no operator, or has the kind of another one.
    """
    found = dict(known)
    for point in points:
        operator = getattr(plugins.load(point, "operator"), "operator", None)
        if not isinstance(operator, Operator):
            raise plugins.not_a(point, "operator", "a tinygen.kernels.custom.CustomOperator")
        if operator.kind in found:
            raise plugins.twice(point, "operator", operator.kind)
        found[operator.kind] = operator
    return MappingProxyType(dict(sorted(found.items())))


@cache
def operators() -> Mapping[str, Operator]:
    """Every supported operator, by kind, in alphabetical order.

    Raises:
        UsageError: as `with_third_party`.
    """
    return with_third_party(built_in(), entry_points(group=ENTRY_POINT_GROUP))
