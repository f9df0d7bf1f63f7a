"""Where templates, boards and firmware are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder that holds templates/, boards/ and firmware/."""
    packaged = Path(__file__).parent / "_data"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent


def templates() -> Path:
    """Jinja2 templates."""
    return root() / "templates"


def boards() -> Path:
    """Board files, one TOML each."""
    return root() / "boards"


def firmware() -> Path:
    """C sources that ship: kernels/, runtime/, app/, platform/."""
    return root() / "firmware"
