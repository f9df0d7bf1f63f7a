"""A PlatformIO of the tests' own, so that none of them depends on or changes the user's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def core_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty PlatformIO core folder; the first build sets it up without a network."""
    return tmp_path_factory.mktemp("platformio-core")


@pytest.fixture(scope="session")
def arm_gcc() -> str:
    """Path of arm-none-eabi-gcc."""
    program = shutil.which("arm-none-eabi-gcc")
    if program is None:
        pytest.skip(
            "arm-none-eabi-gcc is missing: sudo apt install gcc-arm-none-eabi libnewlib-arm-none-eabi"
        )
    return program


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, as far as the project's PlatformIO platform is concerned."""
    monkeypatch.setenv("TINYGEN_OFFLINE", "1")
