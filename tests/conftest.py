"""Fixtures and options of the whole test suite."""

from __future__ import annotations

import difflib
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]

PROGRAMS = {
    "arm": ("arm-none-eabi-gcc", "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"),
    "qemu": ("qemu-system-arm", "sudo apt-get install qemu-system-arm"),
    "platformio": ("gcc", "sudo apt-get install gcc libc6-dev"),
}
"""What tests with a marker need on PATH, and what installs it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files under tests/golden/ instead of comparing with them",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that cannot run here, and say what is missing and how to get it."""
    for marker, (program, remedy) in PROGRAMS.items():
        if item.get_closest_marker(marker) and shutil.which(program) is None:
            pytest.skip(f"{program} is missing: {remedy}")
    if item.get_closest_marker("oracle") and importlib.util.find_spec("tflite_micro") is None:
        pytest.skip("tflite-micro is missing (Linux x86-64 only): pip install '.[oracle]'")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with tests/golden/<path>, or write that file with --update-golden."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(path: str, text: str) -> None:
        file = GOLDEN / path
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
            return
        if not file.exists():
            pytest.fail(f"tests/golden/{path} is missing; pytest --update-golden writes it")
        expected = file.read_bytes().decode()
        if text != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), text.splitlines(), f"tests/golden/{path}", "now", lineterm=""
            )
            pytest.fail(
                "\n".join([*lines, "pytest --update-golden accepts the change"]),
                pytrace=False,
            )

    return compare


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the tests' own, with caches and PlatformIO's packages; kept over the session, for speed."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def sandbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tests' own home, for commands that would else use the user's; and no network."""
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(home / "platformio"))
    monkeypatch.setenv("TINYGEN_OFFLINE", "1")
    return home
