"""docs/SUPPORTED_OPS.md and `tinygen ops`: what tinygen compiles, rendered from the rules that decide it.

`python -m tinygen.report.supported_ops FILE` writes the page.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from rich.table import Table

from tinygen.kernels.interface import FamilySet, KernelSet
from tinygen.kernels.portable import PORTABLE
from tinygen.ops.operator import Operator
from tinygen.ops.registry import built_in, operators
from tinygen.report.text import new_table

_HEAD = """\
# Supported operators

Rendered from the rules in `tinygen/ops/` by `python -m tinygen.report.supported_ops`. An operator that is not
listed is not supported; `tinygen inspect MODEL` names every rule that a model breaks, with the layer.
"""


def kernel_kinds(sets: Mapping[str, KernelSet]) -> Mapping[str, Collection[str]]:
    """The operators that each kernel set has kernels of their own for.

    A set that is not made of families computes regions; it says for which only when it sees a graph.
    """
    return {
        name: frozenset(kernel_set.families) if isinstance(kernel_set, FamilySet) else frozenset()
        for name, kernel_set in sets.items()
    }


def _public(known: Mapping[str, Operator]) -> list[Operator]:
    return [operator for _, operator in sorted(known.items()) if not operator.internal]


def _computed_by(operator: Operator, kinds: Mapping[str, Collection[str]]) -> str:
    """Who computes the operator: kernel sets, the compiler, or both."""
    ways = [name for name, supported in kinds.items() if operator.kind in supported]
    if operator.subgraphs:
        ways.append("C around the kernels of its subgraphs")
    if operator.evaluate is not None:
        ways.append("folded where its inputs are constant")
    return ", ".join(ways) or "rewritten into other operators"


def page(kinds: Mapping[str, Collection[str]], known: Mapping[str, Operator] | None = None) -> str:
    """The page's text.

    Args:
        kinds: operators by kernel set, as from `kernel_kinds`.
        known: the operators; all, those of other packages among them, where left out.
    """
    parts = [_HEAD]
    for operator in _public(operators() if known is None else known):
        rules = "\n".join(f"- {sentence}" for sentence in operator.sentences)
        parts.append(f"\n## {operator.kind}\n\nComputed by: {_computed_by(operator, kinds)}.\n\n{rules}\n")
    return "".join(parts)


def render_operators(kinds: Mapping[str, Collection[str]]) -> Table:
    """The report of `tinygen ops`."""
    table = new_table("operator", "computed by", "rules")
    for operator in _public(operators()):
        table.add_row(operator.kind, _computed_by(operator, kinds), str(len(operator.sentences)))
    return table


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(page(kernel_kinds({PORTABLE.name: PORTABLE}), built_in()).encode())
