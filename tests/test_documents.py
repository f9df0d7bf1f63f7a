"""What the documents say: links lead somewhere, commands exist, code compiles, rendered parts are current."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.host_library import WARNINGS, run_compiler, write_library
from tinygen import api, boards
from tinygen.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "*/README.md")
    for path in ROOT.glob(pattern)
)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code_lines(document: str) -> Iterator[str]:
    """Indented code, and code within a line."""
    text = text_of(document)
    yield from re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(document))
    local = [target for target in targets if "://" not in target]
    missing = [target for target in local if not (ROOT / document).parent.joinpath(target).exists()]
    assert missing == []


def commands() -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for line in code_lines(document):
            if re.match(r"(\.venv/bin/)?tinygen [a-z]", line):
                yield document, line.partition("#")[0].strip()


@pytest.mark.parametrize(("document", "line"), sorted(set(commands())))
def test_commands_exist_and_take_those_options(document: str, line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    assert name in COMMANDS
    command = importlib.import_module(f"tinygen.cli.{name}").command
    if arguments and "--help" not in arguments:
        command.make_context(name, arguments)


def test_the_documents_name_commands() -> None:
    named = {shlex.split(line)[1] for document, line in commands() if document == "README.md"}
    assert named >= {"inspect", "generate", "build", "test", "run", "vectors", "boards", "ops", "doctor"}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        word
        for document in DOCUMENTS
        for line in code_lines(document)
        if line.startswith("make ")
        for word in re.match(r"make ((?:[a-z]+ ?)*)", line)[1].split()  # type: ignore[index]
    }
    assert named
    assert named <= targets


def test_the_example_of_the_readme_compiles(tmp_path: Path) -> None:
    (example,) = re.findall(r"```c\n(.*?)```", text_of("README.md"), re.DOTALL)
    model = ROOT / "examples" / "models" / "tones_ds_cnn.tflite"
    write_library(api.compile(model, boards.load("host")).library, tmp_path)
    source = tmp_path / "example.c"
    source.write_text(example, encoding="utf-8")
    run_compiler("gcc", "-std=c99", *WARNINGS, f"-I{tmp_path / 'src'}", "-fsyntax-only", source)


def test_rendered_parts_are_current() -> None:
    spec = importlib.util.spec_from_file_location("render_docs", ROOT / "tools" / "render_docs.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    stale = [path.name for path, text in tool.pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "make docs"
