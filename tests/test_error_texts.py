"""Every message that a user can see is written in one style.

A message and a hint are sentences: they begin with a capital letter or with a name, and end with a full stop
or a question mark. A hint may end with a command instead, after a colon, ready to be copied.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import tinygen
from tinygen import errors

ROOT = Path(tinygen.__file__).parent
NAMES = {
    name
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, errors.TinygenError)
}

OPEN = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for a value that is filled in."""

SENTENCE = re.compile(rf"(?:[A-Z`{OPEN}]|--\w).*[.?{OPEN}]", re.DOTALL)
COMMAND = re.compile(r"[A-Z][^.]*: .+", re.DOTALL)


def text_of(node: ast.expr) -> str | None:
    """The text of a string as it is written, values left open; None for anything but a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else OPEN
            for part in node.values
        )
    return None


def raised(path: Path) -> Iterator[ast.Call]:
    """The calls in a module that make one of tinygen's errors."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            yield node


def strings(node: ast.expr) -> Iterator[str]:
    """The strings of a list, tuple or choice of them."""
    text = text_of(node)
    if text is not None:
        yield text
    elif isinstance(node, ast.List | ast.Tuple):
        for item in node.elts:
            yield from strings(item)
    elif isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)
    elif isinstance(node, ast.Starred):
        yield from strings(node.value)


def keyword(call: ast.Call, name: str) -> Iterator[str]:
    for item in call.keywords:
        if item.arg == name:
            yield from strings(item.value)


def errors_made() -> Iterator[tuple[str, ast.Call]]:
    """Every place in the package that makes an error, as file:line, and the call."""
    for path in sorted(ROOT.rglob("*.py")):
        for call in raised(path):
            yield f"{path.relative_to(ROOT).as_posix()}:{call.lineno}", call


def test_messages_are_sentences() -> None:
    messages = [(place, text) for place, call in errors_made() if call.args for text in strings(call.args[0])]
    assert len(messages) > 50
    assert [(place, text) for place, text in messages if not SENTENCE.fullmatch(text)] == []


def test_hints_are_sentences_or_end_in_a_command() -> None:
    hints = [(place, text) for place, call in errors_made() for text in keyword(call, "hints")]
    assert len(hints) > 50
    wrong = [item for item in hints if not SENTENCE.fullmatch(item[1]) and not COMMAND.fullmatch(item[1])]
    assert wrong == []


def test_reasons_begin_with_a_capital_or_list_what_was_found() -> None:
    listing = ("expected ", "found ", "layer ", "tensor ", "in", "…")
    reasons = [(place, text) for place, call in errors_made() for text in keyword(call, "why")]
    assert len(reasons) > 30
    wrong = [item for item in reasons if not item[1].startswith(listing)]
    assert [item for item in wrong if not re.match(rf"[A-Z{OPEN}]", item[1])] == []
