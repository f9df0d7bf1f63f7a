"""The portable kernel set: C99 for any core, bit-exact with TFLM's reference kernels.

Every module here that has `KINDS` (operator kinds) and `propose` is a family of the set; its C is
firmware/kernels/portable/<module>.h.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from tinygen.kernels.interface import Family, FamilySet


def _families() -> Mapping[str, Family]:
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return {kind: module.propose for module in modules for kind in getattr(module, "KINDS", ())}


PORTABLE = FamilySet("portable", _families())
