"""The page and the table of supported operators."""

from pathlib import Path

from tinygen.ir import Graph, Op
from tinygen.kernels.interface import FamilySet, KernelSet, Refusal, Region
from tinygen.kernels.portable import PORTABLE
from tinygen.ops.operator import Operator
from tinygen.ops.registry import built_in
from tinygen.report.supported_ops import kernel_kinds, page, render_operators
from tinygen.report.text import plain


def _rule(graph: Graph, op: Op) -> str | None:
    """The batch is 1.

    More text is a hint.
    """
    return None


def _operator(kind: str, **details) -> Operator:
    return Operator(kind, infer=lambda graph, op: (), form=(_rule,), **details)


KNOWN = {
    "ZERO": _operator("ZERO"),
    "ADD": _operator("ADD", evaluate=lambda graph, op, known: None),
    "VIEW": _operator("VIEW", internal=True),
}


def test_the_page_lists_rules_and_who_computes_an_operator():
    text = page({"portable": {"ADD"}, "helium": {"ADD"}}, KNOWN)
    assert text.endswith(
        "\n## ADD\n\nComputed by: portable, helium, folded where its inputs are constant.\n\n"
        "- The batch is 1.\n"
        "\n## ZERO\n\nComputed by: rewritten into other operators.\n\n- The batch is 1.\n"
    )
    assert "VIEW" not in text


def test_the_published_page_is_current():
    published = (Path(__file__).parents[2] / "docs" / "SUPPORTED_OPS.md").read_text(encoding="utf-8")
    current = page(kernel_kinds({PORTABLE.name: PORTABLE}), built_in())
    assert published == current, "python -m tinygen.report.supported_ops docs/SUPPORTED_OPS.md"


class _RegionSet:
    name = "npu"

    def regions(self, graph: Graph) -> list[Region]:
        return []

    def propose(self, region: Region, graph: Graph, target: object) -> Refusal:
        return Refusal("npu", "nothing")


def test_kinds_come_from_the_families_of_a_set():
    sets: dict[str, KernelSet] = {
        "npu": _RegionSet(),
        "portable": FamilySet("portable", {"ADD": lambda region, graph, target: []}),
    }
    assert kernel_kinds(sets) == {"npu": frozenset(), "portable": frozenset({"ADD"})}


def test_the_table_has_the_operators_of_this_installation():
    text = plain(render_operators({"portable": {"CONV_2D"}}))
    (line,) = [line for line in text.splitlines() if line.startswith("CONV_2D ")]
    assert "portable" in line
    assert "VIEW" not in text
