"""Tools that are missing, fail or hang, and memories that are too small: what the user is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.processes import gone
from tests.support.small_models import dense_network
from tinygen import resources

M4 = (resources.boards() / "mps2-an386.toml").read_text(encoding="utf-8")

Failed = Callable[..., str]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "sensor.tflite"
    path.write_bytes(dense_network())
    return path


@pytest.fixture
def failed(run: Run) -> Failed:
    """Run a command that has to fail with a code: returns the message."""

    def call(code: int, *arguments: object) -> str:
        result = run(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert "Traceback" not in result.stderr
        return result.stderr

    return call


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    path.chmod(0o755)


@pytest.mark.platformio
@pytest.mark.usefixtures("programs")
def test_no_compiler_for_the_host(failed: Failed, model: Path) -> None:
    message = failed(5, "build", model, "--board", "host", "-o", "p")
    assert message.startswith("Error: There is no gcc on PATH.")
    assert "1. Debian, Ubuntu: sudo apt-get install gcc" in message


@pytest.mark.platformio
@pytest.mark.usefixtures("programs")
def test_no_compiler_for_the_board(failed: Failed, model: Path) -> None:
    start = time.monotonic()
    message = failed(5, "build", model, "--board", "mps2-an386", "-o", "p")
    assert message.startswith("Error: There is no arm-none-eabi-gcc on PATH.")
    assert "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi" in message
    assert "brew install --cask gcc-arm-embedded" in message
    assert time.monotonic() - start < 60


@pytest.mark.usefixtures("programs")
def test_no_emulator_is_told_before_anything_is_built(
    failed: Failed, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    for command in ("test", "run"):
        message = failed(5, command, model, "--board", "mps2-an386", "-o", "p")
        assert message.startswith("Error: qemu-system-arm is not installed.")
        assert "1. Install it: sudo apt-get install qemu-system-arm" in message
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("command", ["test", "vectors"])
def test_no_oracle_is_told_before_anything_is_built(
    failed: Failed, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("tinygen.oracle.tflm.installed", lambda: False)
    options = ("-o", "v.npz") if command == "vectors" else ("--board", "host", "-o", "p")
    message = failed(5, command, model, *options)
    assert message.startswith("Error: The oracle is missing: ")
    assert "--vectors FILE.npz" in message
    assert list(tmp_path.iterdir()) == [model]


@pytest.mark.platformio
def test_a_compiler_that_fails_is_quoted(failed: Failed, model: Path, programs: Path) -> None:
    script(programs / "gcc", "echo 'x.c:1:2: error: out of ink' >&2; exit 1")
    message = failed(5, "build", model, "--board", "host", "-o", "p")
    assert "x.c:1:2: error: out of ink" in message
    assert "Things to try:" in message


@pytest.mark.platformio
@pytest.mark.qemu
@pytest.mark.arm
def test_an_emulator_that_ends_at_once_or_says_nothing(
    failed: Failed, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    qemu = tmp_path / "bin" / "qemu-system-arm"
    version = 'if [ "$1" = "--version" ]; then echo "QEMU emulator version 7.2.0"; exit 0; fi'
    monkeypatch.setenv("PATH", str(qemu.parent), prepend=":")
    arguments = ("run", model, "--board", "mps2-an386", "-o", "p")

    script(qemu, f"{version}\necho 'qemu: no such machine' >&2; exit 1")
    assert "qemu: no such machine" in failed(5, *arguments)

    script(qemu, f"{version}\necho $$ >> '{tmp_path}/pids'; exec sleep 300")
    message = failed(6, *arguments, "--timeout", "1")
    assert "within 1 s." in message
    pids = (tmp_path / "pids").read_text().split()
    assert pids
    assert all(gone(int(pid)) for pid in pids)


@pytest.mark.platformio
@pytest.mark.arm
@pytest.mark.parametrize(
    ("memory", "size", "told"),
    [
        ("origin = 0x0000_0000", "0x0000_1000", "ssram1: "),
        ("origin = 0x2000_0000", "0x0000_2000", "ssram23: "),
    ],
)
def test_an_image_that_does_not_fit_says_by_how_much_and_why(
    failed: Failed, model: Path, tmp_path: Path, memory: str, size: str, told: str
) -> None:
    text = M4.replace('id = "mps2-an386"', 'id = "tiny"').replace('board = "mps2-an386"', 'board = "tiny"')
    changed = text.replace(f"{memory}\nsize = 0x0040_0000", f"{memory}\nsize = {size}")
    assert changed != text
    (tmp_path / "tiny.toml").write_text(changed, encoding="utf-8")
    message = failed(4, "build", model, "--board", "tiny.toml", "-o", "p")
    assert message.startswith("Error: The firmware does not fit tiny.")
    assert told in message
    assert "bytes too many" in message
    assert "sensor has an arena of " in message
    assert "its peak is at layer " in message
    assert "B of weights" in message


@pytest.mark.usefixtures("programs")
def test_the_doctor_names_what_is_missing_and_how_to_get_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    result = run("doctor")
    assert result.exit_code == 5
    remedies = result.stdout.partition("What gets them:")[2]
    assert "gcc                sudo apt-get install gcc libc6-dev" in remedies
    assert "arm-none-eabi-gcc  sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi" in remedies
    assert "qemu               sudo apt-get install qemu-system-arm" in remedies
