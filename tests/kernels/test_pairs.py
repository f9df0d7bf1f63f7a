"""Each kernel family in Python has its C header, and the other way round."""

import importlib
from pathlib import Path

import pytest

import tinygen.kernels as package
from tinygen.kernels.portable import PORTABLE
from tinygen.resources import firmware

PYTHON = Path(package.__path__[0])
C = firmware() / "kernels"

WITHOUT_CALL = {
    "portable/join": "rows are placed beside each other; nothing is called",
    "portable/view": "a view is where a tensor is placed; what is copied all the same is rearranged",
}
"""Families that need no C, with the reason."""


def families(root: Path, suffix: str) -> set[str]:
    """`set/family` of every file of a kernel set."""
    files = root.glob(f"*/*{suffix}")
    return {file.relative_to(root).with_suffix("").as_posix() for file in files if file.stem != "__init__"}


def test_no_family_is_alone():
    assert families(PYTHON, ".py") - families(C, ".h") == set(WITHOUT_CALL)
    assert families(C, ".h") <= families(PYTHON, ".py")


@pytest.mark.parametrize("family", sorted(families(PYTHON, ".py")))
def test_every_module_is_a_family(family):
    module = importlib.import_module(f"{package.__name__}.{family.replace('/', '.')}")
    assert isinstance(module.KINDS, tuple)
    assert callable(module.propose)


def test_no_kind_is_computed_by_two_families():
    kinds = [
        kind
        for family in sorted(families(PYTHON, ".py"))
        if family.startswith("portable/")
        for kind in importlib.import_module(f"{package.__name__}.{family.replace('/', '.')}").KINDS
    ]
    assert sorted(kinds) == sorted(PORTABLE.families)
