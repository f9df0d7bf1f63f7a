"""The PlatformIO platform's own modules: the registry probe, the test link, SCons."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tinygen import resources

FLAGS = ["-mcpu=cortex-m4", "-mthumb"]


def load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, resources.firmware() / "platform" / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def toolchain() -> ModuleType:
    return load("tinygen_toolchain")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy", "TINYGEN_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    return load("tinygen_registry")


def script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_listening_registry_is_reachable(registry: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert registry.registry_reachable(("127.0.0.1",), server.getsockname()[1])


def test_a_registry_that_nobody_serves_is_not(registry: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not registry.registry_reachable(("127.0.0.1",), port, 1.0)


def test_the_second_host_is_asked_when_the_first_is_away(registry: ModuleType) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert registry.registry_reachable(("no-such-host.invalid", "127.0.0.1"), server.getsockname()[1])


def test_offline_is_not_asked_and_a_proxy_is_trusted(
    registry: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:8080")
    assert registry.registry_reachable(("no-such-host.invalid",))
    monkeypatch.setenv("TINYGEN_OFFLINE", "1")
    assert not registry.registry_reachable()


def test_scons_of_another_version_is_taken_only_without_the_registry(
    registry: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "site" / "SCons"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("__version__ = '4.0.0'\n", encoding="utf-8")
    monkeypatch.setattr(registry, "_installed_scons", lambda: (source, "4.0.0"))
    monkeypatch.setattr(registry, "get_core_package_dir", lambda *_, **__: None)
    packages = tmp_path / "packages"
    monkeypatch.setattr(registry, "registry_reachable", lambda: True)
    registry.ensure_scons(packages)
    assert not packages.exists()
    monkeypatch.setattr(registry, "registry_reachable", lambda: False)
    registry.ensure_scons(packages)
    manifest = json.loads((packages / "tool-scons" / "package.json").read_text(encoding="utf-8"))
    assert manifest["version"] == registry.get_core_dependencies()["tool-scons"].lstrip("~")
    assert [path.name for path in packages.iterdir()] == ["tool-scons"]


def test_no_scons_and_no_registry_is_said_in_a_sentence(
    registry: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "_installed_scons", lambda: None)
    monkeypatch.setattr(registry, "get_core_package_dir", lambda *_, **__: None)
    monkeypatch.setattr(registry, "registry_reachable", lambda: False)
    with pytest.raises(registry.UserSideException, match=r"-m pip install scons=="):
        registry.ensure_scons(tmp_path)


def test_no_compiler_on_path(toolchain: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.find_on_path(["arm-none-eabi-"], FLAGS, tmp_path / "cache") is None


@pytest.mark.skipif(os.name == "nt", reason="the broken compilers here are shell scripts")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'case "$*" in *-dump*) echo 9.9;; *) echo "ld: cannot find -lc: missing" >&2; exit 1;; esac',
            "cannot find -lc",
        ),
        ('case "$*" in *-dump*) echo 9.9;; *) exit 1;; esac', "ended without a message"),
    ],
)
def test_a_compiler_that_does_not_link_is_refused_with_its_reason(
    toolchain: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, reason: str
) -> None:
    script(tmp_path / "bin", "arm-none-eabi-gcc", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    with pytest.raises(toolchain.ToolchainError, match=reason):
        toolchain.find_on_path(["arm-none-eabi-"], FLAGS, tmp_path / "cache")


@pytest.mark.arm
def test_the_test_link_is_remembered(
    toolchain: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arm_gcc: str
) -> None:
    found = toolchain.find_on_path(["no-such-", "arm-none-eabi-"], FLAGS, tmp_path)
    assert found.name == "arm-none-eabi-gcc"
    assert found.prefix + "gcc" == arm_gcc
    assert (
        subprocess.run(
            [arm_gcc, "-dumpfullversion"], capture_output=True, text=True, check=True
        ).stdout.strip()
        == found.version
    )

    def refuse(*_: object) -> None:
        pytest.fail("linked again")

    monkeypatch.setattr(toolchain, "_try", refuse)
    assert toolchain.find_on_path(["arm-none-eabi-"], FLAGS, tmp_path) == found
