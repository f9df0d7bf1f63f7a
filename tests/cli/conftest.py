"""The command line, called in this process and judged as a user sees it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.support.small_models import conv_classifier
from tinygen.cli.main import cli

Run = Callable[..., Result]
Refused = Callable[..., str]

SENTENCE = re.compile(r"Error: .+[.?:]")


@pytest.fixture(autouse=True)
def _in_a_sandbox(sandbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Run:
    """Run a command; anything but an orderly end fails the test."""

    def call(*arguments: object) -> Result:
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def refused(run: Run, tmp_path: Path) -> Refused:
    """Run a command that has to fail with a code: returns the message, after looking at its form."""

    def call(code: int, *arguments: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        result = run(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        message = result.stderr
        errors = [line for line in message.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1, message
        if not message.startswith("Usage: "):  # click's own
            assert SENTENCE.fullmatch(errors[0]), message
        assert "Traceback" not in message
        assert "\x1b" not in message
        assert sorted(tmp_path.rglob("*")) == before
        return message

    return call


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model that is supported."""
    path = tmp_path / "classifier.tflite"
    path.write_bytes(conv_classifier())
    return path


def only_object(text: str) -> dict[str, object]:
    """The one JSON object that a text is."""
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()
