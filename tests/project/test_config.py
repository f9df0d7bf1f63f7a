"""tinygen.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.errors import UsageError
from tinygen.project.config import ModelEntry, ProjectConfig, load

FULL = """\
board = "mps2-an386"
kernels = ["portable"]
strict_kernels = true

[[models]]
path = "kws.tflite"

[[models]]
path = "../vww.tflite"
name = "vww"

[test]
emulator = "qemu"
samples = 3
seed = 7
"""


def config_file(folder: Path, text: str) -> Path:
    path = folder / "tinygen.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_full_file(tmp_path: Path) -> None:
    config_file(tmp_path, FULL)
    config = load(tmp_path)
    assert config.board == "mps2-an386"
    assert (config.kernels, config.strict_kernels) == (("portable",), True)
    assert config.models == (ModelEntry(path="kws.tflite"), ModelEntry(path="../vww.tflite", name="vww"))
    assert config.model_paths(tmp_path) == (tmp_path / "kws.tflite", tmp_path / "../vww.tflite")
    assert (config.test.emulator, config.test.samples, config.test.seed) == ("qemu", 3, 7)


def test_no_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == ProjectConfig()


def test_the_command_line_is_over_the_file(tmp_path: Path) -> None:
    config_file(tmp_path, FULL)
    config = load(tmp_path).overridden(board="host", samples=1, seed=None, kernels=None)
    assert config.board == "host"
    assert (config.test.samples, config.test.seed, config.test.emulator) == (1, 7, "qemu")
    assert config.kernels == ("portable",)


def test_a_wrong_value_on_the_command_line() -> None:
    with pytest.raises(UsageError) as caught:
        ProjectConfig().overridden(samples=0)
    assert "test.samples" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("bord = 'x'\n", 1, "bord"),
        ("\n[test]\nsamples = 0\n", 3, "test.samples"),
        ("[[models]]\npath = 'a'\n[[models]]\nname = 'b'\n", 3, "models[1].path"),
        ("[[models]]\npath = 'a'\nname = '1 2'\n", 3, "models[0].name"),
        ("kernels = 'portable'\n", 1, "kernels"),
    ],
)
def test_a_wrong_file_is_named_by_line_and_key(tmp_path: Path, text: str, line: int, key: str) -> None:
    path = config_file(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert caught.value.why[0].startswith(f"{path}:{line}: {key}: ")
