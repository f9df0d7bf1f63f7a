"""Files that are no supported model: one clear message from every command, and nothing written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.conftest import Refused, Run
from tests.support.bad_models import bad_models

BAD = bad_models()
READING = {"unsupported", "float", "dynamic_range", "uint8", "npu", "dynamic", "control_flow"}
"""Kinds that `tinygen inspect` can describe."""


@pytest.fixture(params=BAD)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def bad(kind: str, tmp_path: Path) -> Path:
    path = tmp_path / f"{kind}.tflite"
    path.write_bytes(BAD[kind].data)
    return path


def in_order(message: str, told: tuple[str, ...]) -> bool:
    position = 0
    for fragment in told:
        position = message.find(fragment, position)
        if position < 0:
            return False
    return True


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
def test_a_test_is_refused(refused: Refused, kind: str, bad: Path, board: str) -> None:
    start = time.monotonic()
    message = refused(3, "test", bad, "--board", board, "-o", "out", "--json", "-")
    assert in_order(message, BAD[kind].told), message
    assert message.startswith(f"Error: {kind}.tflite ")
    assert "Things to try:\n  1. " in message
    assert max(map(len, message.splitlines())) < 400
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("command", ["generate", "build", "run", "vectors"])
def test_so_is_every_other_command(refused: Refused, kind: str, bad: Path, command: str) -> None:
    arguments = ("-o", "out.npz") if command == "vectors" else ("--board", "host", "-o", "out")
    assert in_order(refused(3, command, bad, *arguments), BAD[kind].told)


def test_inspecting_shows_what_can_be_shown(run: Run, kind: str, bad: Path) -> None:
    result = run("inspect", bad)
    assert result.exit_code == 3
    if kind not in READING:
        assert in_order(result.stderr, BAD[kind].told)
        assert result.stdout == ""
        return
    assert result.stderr == ""
    told = ("block1/sums", "batch 2", "MyOp") if kind == "unsupported" else BAD[kind].told[:1]
    assert in_order(result.stdout.partition("weights in the file")[2], told)
    assert "Things to try:\n  1. " in result.stdout


@pytest.mark.parametrize(("path", "told"), [("none.tflite", "No such file"), (".", "Is a directory")])
def test_a_model_that_cannot_be_read(refused: Refused, path: str, told: str) -> None:
    message = refused(2, "test", path, "--board", "host")
    assert message.startswith(f"Error: The model {path} cannot be read.\n  {told}")


def test_a_path_longer_than_any_file_system_takes(refused: Refused) -> None:
    assert "cannot be read" in refused(2, "inspect", "x" * 10_000)
