"""Identifiers and comments stay safe whatever a model calls its layers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.codegen import names
from tinygen.errors import UsageError


@pytest.mark.parametrize("name", ["kws", "_x", "Model2", "a" * 200])
def test_identifiers_are_accepted(name: str) -> None:
    names.check_model_name(name)


@pytest.mark.parametrize("name", ["", "2d", "a-b", "a b", "modèle", "a\n", "x;int y"])
def test_what_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="C identifier"):
        names.check_model_name(name)


@pytest.mark.parametrize("name", ["string", "stdint", "String"])
def test_names_that_hide_a_system_header_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="hide the C library's"):
        names.check_model_name(name)


def test_comment_keeps_ordinary_names() -> None:
    assert (
        names.comment("model/conv1/Relu;StatefulPartitionedCall")
        == "model/conv1/Relu;StatefulPartitionedCall"
    )


def test_short_comments_name_the_first_of_fused_ops() -> None:
    assert names.short_comment("conv/Relu;bn/FusedBatchNorm;conv/BiasAdd") == "conv/Relu; ..."
    assert names.short_comment("Identity") == "Identity"


@given(st.text())
def test_comment_is_one_line_of_harmless_ascii(text: str) -> None:
    shown = names.comment(text)
    assert len(shown) <= 2 * names.COMMENT_LENGTH
    assert re.fullmatch(r"[ -~]*", shown)
    assert not re.search(r"\*/|/\*|\?\?", shown)


HOSTILE = (
    "*/ #error",
    "/*",
    "??/",
    "\\",
    "a\nb\rc",
    "*/*/*",
    "/*/",
    "????/",
    "x" * 10_000,
    "\u202e\u2028é\0",
)


@given(st.permutations(HOSTILE))
def test_comment_of_hostile_names_in_any_order(texts: list[str]) -> None:
    assert not re.search(r"\*/|/\*|\?\?", names.comment("".join(texts)))


def test_comments_of_hostile_names_compile(tmp_path: Path) -> None:
    source = tmp_path / "names.c"
    lines = [f'/* "{names.comment(text)}" */ int x{i};' for i, text in enumerate(HOSTILE)]
    source.write_text("\n".join(lines) + "\n", encoding="ascii")
    flags = ["-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    subprocess.run(["gcc", *flags, str(source)], check=True)
