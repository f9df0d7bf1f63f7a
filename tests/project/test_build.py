"""Real `pio run`s, without a network and in a PlatformIO of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.toy_library import ARENA, STORED, toy_library
from tinygen import boards
from tinygen.boards import Board
from tinygen.errors import BudgetError, FitError, ToolError, UsageError
from tinygen.project import BuildResult, Sizes, build, measure, plan_project, write

pytestmark = [pytest.mark.platformio, pytest.mark.usefixtures("offline")]

M4 = "mps2-an386"
POINTER = 4

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Write a project with the toy library, in a folder whose name is not a plain word."""

    def make(board: str | Board = M4, libraries: tuple[str, ...] = ("toy",), main: str = "") -> Path:
        facts = boards.load(board) if isinstance(board, str) else board
        folder = tmp_path / "a project µ"
        write(plan_project([toy_library(name) for name in libraries], facts), folder)
        if main:
            (folder / "src" / "main.c").write_text(main, encoding="utf-8")
        return folder

    return make


def sizes_of(result: BuildResult, libraries: tuple[str, ...] = ("toy",)) -> Sizes:
    sizes = measure(
        result.image, result.baseline, result.build_dir, [toy_library(name) for name in libraries]
    )
    assert sizes is not None
    return sizes


@pytest.mark.arm
@pytest.mark.usefixtures("arm_gcc")
def test_an_arm_image_of_two_models_and_what_it_takes(project: Project, core_dir: Path) -> None:
    names = ("toy", "second")
    result = build(project(libraries=names), M4, core_dir=core_dir)
    assert result.image.read_bytes()[:4] == b"\x7fELF"
    assert len(result.sha256) == 64
    assert result.toolchain.name == "arm-none-eabi-gcc"
    assert result.toolchain.version[0].isdigit()
    sizes = sizes_of(result, names)
    assert (sizes.weights, sizes.constants, sizes.arena) == (2 * STORED, 0, 2 * ARENA)
    assert sizes.static_ram == 2 * 2 * POINTER  # each hook's function and context
    assert sizes.code is not None
    assert 100 < sizes.code < 2000
    assert sizes.flash > sizes.code + sizes.weights
    assert sizes.ram > boards.load(M4).stack_size


@pytest.mark.arm
@pytest.mark.usefixtures("arm_gcc")
def test_building_again_makes_nothing_anew(
    project: Project, core_dir: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = project()
    first = build(folder, M4, core_dir=core_dir)
    assert first.baseline
    before = first.image.stat().st_mtime_ns, first.baseline.stat().st_mtime_ns
    started = time.perf_counter()
    assert not write(plan_project([toy_library()], boards.load(M4)), folder).written
    second = build(folder, M4, core_dir=core_dir)
    seconds = time.perf_counter() - started
    record_property("warm build, seconds", round(seconds, 2))
    print(f"warm build: {seconds:.2f} s")
    assert second == first
    assert (first.image.stat().st_mtime_ns, first.baseline.stat().st_mtime_ns) == before


@pytest.mark.arm
@pytest.mark.usefixtures("arm_gcc")
def test_the_image_does_not_depend_on_the_folder(project: Project, core_dir: Path, tmp_path: Path) -> None:
    folder = project()
    other = tmp_path / "elsewhere"
    shutil.copytree(folder, other)
    digests = {build(place, M4, core_dir=core_dir, baseline=False).sha256 for place in (folder, other)}
    assert len(digests) == 1


@pytest.mark.arm
@pytest.mark.usefixtures("arm_gcc")
def test_weights_edited_by_hand_reach_the_image(project: Project, core_dir: Path) -> None:
    folder = project()
    before = build(folder, M4, core_dir=core_dir, baseline=False)
    weights = folder / "lib" / "toy" / "src" / "toy_weights.c"
    weights.write_text(weights.read_text(encoding="utf-8").replace("{1, 3", "{2, 3"), encoding="utf-8")
    kept = write(plan_project([toy_library()], boards.load(M4)), folder).kept
    assert kept == ("lib/toy/src/toy_weights.c",)
    after = build(folder, M4, core_dir=core_dir, baseline=False)
    assert after.sha256 != before.sha256
    assert sizes_of(after) == sizes_of(before)


def test_a_host_image(project: Project, core_dir: Path) -> None:
    folder = project("host", main='#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
    result = build(folder, "host", core_dir=core_dir, baseline=False)
    output = subprocess.run([result.image], capture_output=True, text=True, timeout=10, check=True).stdout
    assert output.strip() == "hello"
    if sys.platform == "linux":
        # This program calls no model, so that none is linked.
        assert (sizes_of(result).weights, sizes_of(result).arena, sizes_of(result).code) == (0, 0, None)


def test_a_plain_pio_run_needs_no_tinygen_and_shares_its_objects(
    project: Project, core_dir: Path, tmp_path: Path
) -> None:
    folder = project("host")
    blocked = tmp_path / "blocked" / "tinygen"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    environment = os.environ | {"PLATFORMIO_CORE_DIR": str(core_dir), "PYTHONPATH": str(blocked.parent)}
    command = [sys.executable, "-m", "platformio", "run", "-d", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    objects = {path: path.stat().st_mtime_ns for path in folder.rglob("*.o")}
    assert objects
    build(folder, "host", core_dir=core_dir, baseline=False)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.o")} == objects


def test_a_compiler_error_is_shown_with_its_lines(project: Project, core_dir: Path) -> None:
    folder = project("host", main="int main(void) { return undeclared; }\n")
    with pytest.raises(ToolError) as caught:
        build(folder, "host", core_dir=core_dir)
    assert "undeclared" in caught.value.why[0]
    assert "src/main.c:1:" in caught.value.why[0]


def test_a_main_that_needs_the_model_leaves_code_unmeasured(project: Project, core_dir: Path) -> None:
    main = '#include "toy.h"\nint main(void) { toy_run(); return 0; }\n'
    result = build(project("host", main=main), "host", core_dir=core_dir)
    assert result.baseline is None
    assert "toy" in result.baseline_problem
    if sys.platform == "linux":
        assert sizes_of(result).code is None


@pytest.mark.arm
@pytest.mark.usefixtures("arm_gcc")
def test_a_memory_that_overflows(project: Project, core_dir: Path) -> None:
    board = boards.load(M4)
    flash, ram = board.memories
    small = board.model_copy(update={"memories": (flash.model_copy(update={"size": 1024}), ram)})
    with pytest.raises(FitError) as caught:
        build(project(small), M4, core_dir=core_dir)
    (why,) = caught.value.why
    assert why.startswith("ssram1: ")
    assert why.endswith(" bytes too many")


def test_a_missing_toolchain_fails_in_seconds_with_the_command_to_get_it(
    project: Project, core_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = project()
    monkeypatch.setenv("PATH", str(tmp_path))
    started = time.perf_counter()
    with pytest.raises(ToolError) as caught:
        build(folder, M4, core_dir=core_dir)
    assert time.perf_counter() - started < 15
    assert caught.value.message == "There is no arm-none-eabi-gcc on PATH."
    assert any("apt-get install gcc-arm-none-eabi" in hint for hint in caught.value.hints)
    assert any("PlatformIO" in hint for hint in caught.value.hints)


@pytest.mark.arm
@pytest.mark.skipif(os.name == "nt", reason="makes symbolic links")
def test_platformios_own_toolchain_serves_where_path_has_none(
    project: Project, core_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arm_gcc: str
) -> None:
    core = tmp_path / "core"
    shutil.copytree(core_dir, core) if core_dir.exists() else core.mkdir()
    package = core / "packages" / "toolchain-gccarmnoneeabi"
    (package / "bin").mkdir(parents=True)
    for program in Path(arm_gcc).parent.glob("arm-none-eabi-*"):
        (package / "bin" / program.name).symlink_to(program)
    (package / "package.json").write_text(
        '{"name": "toolchain-gccarmnoneeabi", "version": "1.120301.0"}', encoding="utf-8"
    )
    (package / ".piopm").write_text(
        '{"type": "tool", "name": "toolchain-gccarmnoneeabi", "version": "1.120301.0",'
        ' "spec": {"owner": "platformio", "id": null, "name": "toolchain-gccarmnoneeabi",'
        ' "requirements": null, "uri": null}}',
        encoding="utf-8",
    )
    shell = shutil.which("sh")
    assert shell
    (tmp_path / "sh").symlink_to(shell)  # SCons runs commands through it
    monkeypatch.setenv("PATH", str(tmp_path))
    result = build(project(), M4, core_dir=core, baseline=False)
    assert result.toolchain.name == "arm-none-eabi-gcc"


def test_upload_without_a_command_says_so_and_with_one_runs_it(project: Project, core_dir: Path) -> None:
    host = boards.load("host")
    script = "import sys; print('uploaded', sys.argv[1])"
    upload = host.upload.model_copy(update={"command": (sys.executable, "-c", script, "{image}")})
    environment = os.environ | {"PLATFORMIO_CORE_DIR": str(core_dir)}
    for board, code, said in ((host, 1, "no upload command"), (replace_upload(host, upload), 0, "uploaded ")):
        command = [sys.executable, "-m", "platformio", "run", "-d", str(project(board)), "-t", "upload"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert said in done.stdout + done.stderr


def replace_upload(board: Board, upload: boards.UploadFacts) -> Board:
    return board.model_copy(update={"upload": upload})


def test_time_that_runs_out_leaves_no_process(project: Project, core_dir: Path) -> None:
    folder = project("host")
    with pytest.raises(BudgetError, match=r"0\.2 s"):
        build(folder, "host", core_dir=core_dir, timeout=0.2)
    assert build(folder, "host", core_dir=core_dir, baseline=False).image.is_file()


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a project"):
        build(tmp_path, "host")


def test_an_image_that_is_no_elf_has_no_sizes(tmp_path: Path) -> None:
    image = tmp_path / "firmware"
    image.write_bytes(b"\xcf\xfa\xed\xfe" + bytes(64))
    assert measure(image, None, tmp_path, [replace(toy_library(), name="toy")]) is None
