"""Images of the console application with made-up models."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.console_image import build
from tinygen import boards


def _tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is missing: sudo apt-get install {package}")
    return path


@pytest.fixture(scope="session")
def host_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(_tool("gcc", "gcc"), boards.load("host"), tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="session")
def arm_compiler() -> str:
    return _tool("arm-none-eabi-gcc", "gcc-arm-none-eabi")


@pytest.fixture(scope="session")
def arm_image(arm_compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(arm_compiler, boards.load("mps2-an386"), tmp_path_factory.mktemp("arm"))


@pytest.fixture(scope="session")
def qemu() -> str:
    return _tool("qemu-system-arm", "qemu-system-arm")
