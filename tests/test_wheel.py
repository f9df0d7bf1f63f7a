"""The wheel works by itself: everything that it needs is inside."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import tinygen

ROOT = Path(__file__).parents[1]
DATA = ("templates", "boards", "firmware")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def call(*command: object, folder: Path, **environment: str) -> str:
    """What a command prints; fails with its errors where it does."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=clean | environment,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("build", reason="build is missing: pip install build hatchling")
    pytest.importorskip("hatchling", reason="hatchling is missing: pip install build hatchling")
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of a clean environment with the wheel; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False)
    windows = sys.platform == "win32"
    bin_folder = folder / ("Scripts" if windows else "bin")
    python = bin_folder / ("python.exe" if windows else "python")
    site = Path(
        call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
    )
    # A path in a .pth file brings packages, but not the editable installation that its own .pth files are.
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    install = ("install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel)
    call(sys.executable, "-m", "pip", "--python", python, *install, folder=folder)
    return bin_folder


def test_what_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == {"tinygen", f"tinygen-{tinygen.__version__}.dist-info"}
    assert {"tinygen/py.typed", "tinygen/cli/main.py"} <= names
    assert f"tinygen-{tinygen.__version__}.dist-info/licenses/LICENSE" in names
    for folder in DATA:
        expected = {
            f"tinygen/_data/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected
        assert {name for name in names if name.startswith(f"tinygen/_data/{folder}/")} == expected
    assert not any("__pycache__" in name for name in names)


def test_it_is_what_runs(scripts: Path, tmp_path: Path) -> None:
    used = call(scripts / "python", "-c", "import tinygen; print(tinygen.__file__)", folder=tmp_path)
    assert scripts.parent in Path(used.strip()).parents
    assert call(scripts / "tinygen", "--version", folder=tmp_path) == f"tinygen {tinygen.__version__}\n"


def test_boards_and_operators(scripts: Path, tmp_path: Path) -> None:
    assert "mps2-an386" in call(scripts / "tinygen", "boards", folder=tmp_path)
    assert "## CONV_2D" in call(scripts / "tinygen", "ops", folder=tmp_path)


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
def test_it_generates_what_the_checkout_generates(scripts: Path, tmp_path: Path, board: str) -> None:
    model = ROOT / "examples" / "models" / "gesture_mlp.tflite"
    arguments = ("generate", model, "--board", board)
    call(scripts / "tinygen", *arguments, "-o", "a", folder=tmp_path)
    call(sys.executable, "-m", "tinygen", *arguments, "-o", "b", folder=tmp_path, PYTHONPATH=str(ROOT))
    made = [
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "a", tmp_path / "b")
    ]
    assert made[0] == made[1]


@pytest.mark.platformio
def test_it_builds_firmware(scripts: Path, tmp_path: Path, sandbox: Path) -> None:
    model = ROOT / "examples" / "models" / "gesture_mlp.tflite"
    text = call(scripts / "tinygen", "build", model, "--board", "host", "-o", "p", folder=tmp_path)
    assert "flash, whole image" in text
    assert (sandbox / "platformio").is_dir()
