"""All operators: every module of this package that has an `OPERATOR` (or several, `OPERATORS`)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import tinygen.ops as package
from tinygen.ops.operator import Operator


@cache
def operators() -> Mapping[str, Operator]:
    """Every supported operator, by kind, in alphabetical order."""
    found: dict[str, Operator] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        single = getattr(module, "OPERATOR", None)
        for operator in (single,) if single else getattr(module, "OPERATORS", ()):
            found[operator.kind] = operator
    return MappingProxyType(dict(sorted(found.items())))
