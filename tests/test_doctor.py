"""What is found, what works, and the command that gets what does not."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from pathlib import Path

import pytest

from tinygen import doctor
from tinygen.doctor import Check, examine


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    return tmp_path


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    path.chmod(0o755)


def found(name: str) -> Check:
    return next(check for check in examine() if check.name == name)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing: sudo apt-get install gcc libc6-dev")
def test_a_compiler_that_links() -> None:
    check = found("gcc")
    assert check.works
    assert check.found.endswith(", links")
    assert check.remedy == ""


def test_a_compiler_without_a_c_library_does_not_work(programs: Path) -> None:
    script(programs / "arm-none-eabi-gcc", "echo 'probe.c:1: fatal error: math.h: No such file' >&2; exit 1")
    check = found("arm-none-eabi-gcc")
    assert not check.works
    assert check.found == "does not link: probe.c:1: fatal error: math.h: No such file"
    assert check.remedy == "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"


def test_a_compiler_that_does_not_run(programs: Path) -> None:
    (programs / "gcc").write_bytes(b"\x7fELF no program")
    (programs / "gcc").chmod(0o755)
    check = found("gcc")
    assert not check.works
    assert check.found.startswith("does not run: ")


def test_a_compiler_that_hangs(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(programs / "gcc", "while :; do :; done")
    monkeypatch.setattr(doctor, "_LINK_SECONDS", 0.2)
    assert not found("gcc").works


@pytest.mark.usefixtures("programs")
def test_nothing_on_path() -> None:
    missing = {check.name: check for check in examine() if not check.works}
    assert set(missing) == {"gcc", "arm-none-eabi-gcc", "qemu", "instruction counter"}
    assert {name for name, check in missing.items() if check.needed} == {"gcc", "arm-none-eabi-gcc"}
    assert missing["qemu"].remedy == "sudo apt-get install qemu-system-arm"


def test_remedies_of_a_mac(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    remedies = {check.name: check.remedy for check in examine()}
    assert remedies["arm-none-eabi-gcc"] == "brew install --cask gcc-arm-embedded"
    assert remedies["gcc"] == "xcode-select --install"
    assert remedies["qemu"] == "brew install qemu"


def test_packages_that_are_missing(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    monkeypatch.setattr("tinygen.oracle.tflm.available_here", lambda: True)
    checks = {check.name: check for check in examine()}
    assert checks["platformio"].remedy == f"{sys.executable} -m pip install platformio"
    assert not checks["scons"].works
    oracle = checks["tflite-micro"]
    assert oracle.remedy.startswith(f"{sys.executable} -m pip install 'tflite-micro==")
    assert not oracle.needed


def test_where_the_oracle_has_no_wheel(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    monkeypatch.setattr("tinygen.oracle.tflm.available_here", lambda: False)
    assert "--vectors FILE.npz" in found("tflite-micro").remedy


def test_a_counter_that_cannot_be_compiled(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(programs / "qemu-system-arm", "echo 'QEMU emulator version 7.2.0'")
    monkeypatch.setattr(doctor, "compile_plugin", lambda version: None)
    check = found("instruction counter")
    assert not check.works
    assert "a timer of the board counts" in check.found
    assert check.remedy == "sudo apt-get install gcc libc6-dev"
    assert found("qemu").found == "QEMU emulator version 7.2.0"
