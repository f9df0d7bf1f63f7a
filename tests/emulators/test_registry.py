"""Which emulator runs a board."""

from __future__ import annotations

import shutil

import pytest

from tinygen import boards
from tinygen.emulators import choose, emulators
from tinygen.errors import ToolError, UsageError

HOST, M4 = boards.load("host"), boards.load("mps2-an386")


def test_every_emulator_of_every_board_is_known() -> None:
    known = {emulator.name for emulator in emulators()}
    for board in boards.all_boards():
        assert {model.name for model in board.emulators} <= known


def test_auto_takes_the_boards_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert choose("auto", HOST).name == "host"
    assert choose("auto", M4).name == "qemu"
    assert choose("qemu", M4).machine(M4) == "mps2-an386"


def test_a_missing_emulator_is_a_tool_error_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for name in ("auto", "qemu"):
        with pytest.raises(ToolError, match="install qemu"):
            choose(name, M4)


def test_an_unknown_emulator_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no emulator 'bochs'"):
        choose("bochs", M4)


def test_an_emulator_that_does_not_run_the_board_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Its emulators: qemu"):
        choose("host", M4)


def test_a_board_without_emulators_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="runs in no emulator"):
        choose("auto", M4.model_copy(update={"emulators": ()}))
