"""Building a project with PlatformIO, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinygen.errors import BudgetError, ToolError, UsageError
from tinygen.project.failures import explain
from tinygen.project.layout import APP, BASELINE_SUFFIX

_IMAGES = ("firmware.elf", "firmware.exe", "firmware")
_KEPT_FOLDERS = frozenset({"PLATFORMIO_CORE_DIR", "PLATFORMIO_PACKAGES_DIR", "PLATFORMIO_CACHE_DIR"})
_BASELINE_KEY = "tinygen-inputs.txt"


@dataclass(frozen=True)
class Toolchain:
    """The compiler that made an image."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class BuildResult:
    """What a build made.

    Attributes:
        env: PlatformIO environment.
        image: the firmware: ELF, or the host's program format.
        sha256: of the image, in hex.
        toolchain: the compiler.
        build_dir: objects and image of the environment.
        baseline: the image without the models; None where it was not asked for or does not build.
        baseline_problem: why it does not build.
    """

    env: str
    image: Path
    sha256: str
    toolchain: Toolchain
    build_dir: Path
    baseline: Path | None = None
    baseline_problem: str = ""


def _environment(core_dir: Path | None) -> dict[str, str]:
    # The project's own folders, whatever the user's environment says of other projects; his core folder.
    # Nothing is set that `pio run` by hand does not have: PlatformIO would rebuild everything in between.
    environment = {
        key: value
        for key, value in os.environ.items()
        if not (key.startswith("PLATFORMIO_") and key.endswith("_DIR")) or key in _KEPT_FOLDERS
    }
    environment |= {
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_NO_ANSI": "true",
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C",  # compilers translate the messages that are looked for
    }
    if core_dir is not None:
        environment["PLATFORMIO_CORE_DIR"] = str(core_dir)
    return environment


def _end(process: subprocess.Popen[str]) -> None:
    """End PlatformIO with everything that it started."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _platformio(folder: Path, env: str, core_dir: Path | None, timeout: float) -> tuple[bool, str]:
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(folder), "--environment", env]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(core_dir),
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise BudgetError(f"PlatformIO did not finish within {timeout:g} s.", why=[str(folder)]) from error
    except BaseException:
        _end(process)
        raise
    return process.returncode == 0, output


def _image(build_dir: Path) -> Path | None:
    return next((build_dir / name for name in _IMAGES if (build_dir / name).is_file()), None)


def _baseline_inputs(folder: Path) -> Iterator[Path]:
    """The files that the image without models is made from: everything but the models' libraries."""
    yield folder / "platformio.ini"
    for part in ("platforms", "src", "include", f"lib/{APP}"):
        yield from (path for path in sorted((folder / part).rglob("*")) if path.is_file())


def _baseline_key(folder: Path, toolchain: Toolchain) -> str:
    total = hashlib.sha256(f"{toolchain}\n{os.environ.get('PLATFORMIO_BUILD_FLAGS', '')}\n".encode())
    for path in _baseline_inputs(folder):
        if "__pycache__" not in path.parts:
            total.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _build_baseline(
    folder: Path, env: str, core_dir: Path | None, timeout: float, toolchain: Toolchain
) -> tuple[Path | None, str]:
    build_dir = folder / ".pio" / "build" / env
    record, key = build_dir / _BASELINE_KEY, _baseline_key(folder, toolchain)
    image = _image(build_dir)
    if image and record.is_file() and record.read_text(encoding="ascii") == key:
        return image, ""
    ok, output = _platformio(folder, env, core_dir, timeout)
    if not ok:
        return None, str(explain(output, env))
    record.write_text(key, encoding="ascii")
    return _image(build_dir), ""


def _toolchain(build_dir: Path) -> Toolchain:
    try:
        content: Mapping[str, str] = json.loads((build_dir / "toolchain.json").read_text(encoding="utf-8"))
        return Toolchain(content["name"], content["version"])
    except (OSError, ValueError, KeyError):
        return Toolchain("unknown", "unknown")  # a vendor's platform, which leaves no such file


def build(
    folder: Path,
    env: str,
    *,
    baseline: bool = True,
    core_dir: Path | None = None,
    timeout: float = 900.0,
) -> BuildResult:
    """Build one environment of a project.

    Args:
        folder: a project, as `write` leaves it.
        env: the board's id.
        baseline: also build the image without the models, which `sizes.measure` compares with; it is built
            again only when something else than the models changed.
        core_dir: PlatformIO's folder of packages and settings; the user's own by default.
        timeout: seconds for each image.

    Raises:
        UsageError: when the folder is no project.
        ToolError: when the toolchain is missing, or the compiler fails: its own lines are in the error.
        FitError: when a memory overflows, and by how much.
        BudgetError: when time runs out.
    """
    folder = folder.resolve()
    if not (folder / "platformio.ini").is_file():
        raise UsageError(f"{folder} is not a project: it has no platformio.ini.")
    build_dir = folder / ".pio" / "build" / env
    ok, output = _platformio(folder, env, core_dir, timeout)
    if not ok:
        raise explain(output, env)
    image = _image(build_dir)
    if image is None:
        raise ToolError("PlatformIO made no image.", why=[f"Looked for {', '.join(_IMAGES)} in {build_dir}."])
    toolchain = _toolchain(build_dir)
    bare, problem = None, ""
    if baseline:
        bare, problem = _build_baseline(folder, env + BASELINE_SUFFIX, core_dir, timeout, toolchain)
    return BuildResult(
        env=env,
        image=image,
        sha256=hashlib.sha256(image.read_bytes()).hexdigest(),
        toolchain=toolchain,
        build_dir=build_dir,
        baseline=bare,
        baseline_problem=problem,
    )
