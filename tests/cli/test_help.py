"""What the command says about itself, and how soon."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import tinygen
from tests.cli.conftest import Refused, Run
from tinygen.cli.main import COMMANDS

HEAVY = ("numpy", "pydantic", "jinja2", "tflite", "rich", "platformio", "tinygen.api")


def test_help_lists_every_command_with_a_line_of_its_own(run: Run) -> None:
    text = run("--help").stdout
    listed = [line.split() for line in text.partition("Commands:\n")[2].splitlines()]
    assert [words[0] for words in listed] == list(COMMANDS)
    assert all(words[-1].endswith(".") and "..." not in words[-1] for words in listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_its_options(run: Run, command: str) -> None:
    text = run(command, "--help").stdout
    assert text.startswith(f"Usage: tinygen {command} ") or text.startswith(f"Usage: cli {command} ")
    module = importlib.import_module(f"tinygen.cli.{command}")
    for parameter in module.command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, parameter.name
            assert parameter.help.split("  [")[0].endswith("."), parameter.name
    assert module.command.help


def test_h_is_help(run: Run) -> None:
    assert run("-h").stdout == run("--help").stdout


def test_the_version(run: Run) -> None:
    assert run("--version").stdout == f"tinygen {tinygen.__version__}\n"


def test_without_a_command_there_is_help_and_a_usage_error(run: Run) -> None:
    result = run()
    assert result.exit_code == 2
    assert "Commands:" in result.output


@pytest.mark.parametrize(("typed", "meant"), [("tset", "test"), ("boardz", "boards"), ("biuld", "build")])
def test_the_nearest_command_is_named(refused: Refused, typed: str, meant: str) -> None:
    assert f"Did you mean {meant!r}?" in refused(2, typed)


def test_a_command_like_no_other(refused: Refused) -> None:
    assert "No such command 'quantize'" in refused(2, "quantize")


def test_an_unknown_option(refused: Refused) -> None:
    assert "--frobnicate" in refused(2, "test", "--frobnicate")


def loaded_after(code: str) -> set[str]:
    """Modules of a fresh interpreter that ran `code`."""
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(printed.stdout.split())


def test_help_loads_nothing_that_takes_time() -> None:
    loaded = loaded_after(
        "from tinygen.cli.main import cli\n"
        "import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()): cli(['--help'], standalone_mode=False)"
    )
    assert loaded.isdisjoint(HEAVY)
    assert "tinygen.cli.main" in loaded


def test_platformio_stays_in_processes_of_its_own() -> None:
    loaded = loaded_after("import tinygen.api, tinygen.cli.test, tinygen.cli.doctor")
    assert loaded.isdisjoint({"platformio", "SCons", "tensorflow", "tflite_micro", "ai_edge_litert"})
