"""The files of a project."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.conftest import Golden
from tests.support.toy_library import toy_library
from tinygen import boards
from tinygen.errors import UsageError
from tinygen.project import BuildPlan, ProjectOptions, library_digest, plan_project
from tinygen.project.config import ModelEntry, ProjectConfig

OPTIONS = ProjectOptions(
    config=ProjectConfig(
        models=(ModelEntry(path='dir/"quoted" µ.tflite'), ModelEntry(path="b.tflite", name="second")),
        strict_kernels=True,
    ),
    tool="1.2.3",
)

SHOWN = (
    "platformio.ini",
    "tinygen.toml",
    ".gitignore",
    "src/main.c",
    "lib/tinygen_app/library.json",
    "lib/tinygen_app/src/models.h",
    "lib/tinygen_app/src/models.c",
)


def render(plan: BuildPlan) -> str:
    """Paths of all files that do not come from tinygen's firmware folder as they are, then what is made."""
    everything = {**plan.generated, **plan.user}
    made = [
        path for path in everything if path.startswith(("platforms/tinygen/boards", "platforms/tinygen/ld"))
    ]
    paths = [
        path for path in everything if not path.startswith(("platforms/tinygen/bsp", "lib/tinygen_app/src/t"))
    ]
    parts = ["\n".join(sorted(paths)) + "\n"]
    parts += [f"==> {path}\n{everything[path].decode()}" for path in (*SHOWN, *made)]
    return "\n".join(parts)


@pytest.mark.parametrize("board", ["host", "mps2-an386"])
def test_a_project_of_two_models(golden: Golden, board: str) -> None:
    plan = plan_project([toy_library("toy"), toy_library("second")], boards.load(board), OPTIONS)
    golden(f"project/{board}.txt", render(plan))


def test_the_same_arguments_give_the_same_bytes() -> None:
    board = boards.load("mps2-an386")
    one, other = (plan_project([toy_library()], board, OPTIONS) for _ in range(2))
    assert one == other
    assert one.digest == other.digest
    assert plan_project([toy_library(weights=(1, 2, 3, 4))], board, OPTIONS).digest != one.digest


def test_a_library_is_not_changed_and_names_no_board() -> None:
    library = toy_library()
    plans = [plan_project([library], boards.load(board)) for board in ("host", "mps2-an386")]
    for plan in plans:
        inside = {
            path.removeprefix("lib/toy/"): content
            for path, content in plan.generated.items()
            if path.startswith("lib/toy/")
        }
        assert inside == library.files


def test_the_digest_of_a_library_is_in_the_image() -> None:
    plan = plan_project([toy_library()], boards.load("host"))
    digest = bytes.fromhex(library_digest(toy_library()))
    assert (
        f"0x{digest[0]:02x}, 0x{digest[1]:02x}, 0x{digest[2]:02x}".encode()
        in plan.generated["lib/tinygen_app/src/models.c"]
    )


def test_the_boards_manifest_gives_drivers_their_registers() -> None:
    plan = plan_project([], boards.load("mps2-an386"))
    manifest = json.loads(plan.generated["platforms/tinygen/boards/mps2-an386.json"])
    assert manifest["build"]["defines"] == {
        "TG_CLOCK_HZ": "25000000u",
        "TG_CONSOLE_BASE": "0x40004000u",
        "TG_CONSOLE_BAUD": "115200u",
        "TG_TICKS_BASE": "0x40000000u",
        "TG_TICKS_HZ": "25000000u",
    }


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("tinygen_app",), ("TinyGen_App",)])
def test_libraries_of_one_name_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="would be called"):
        plan_project([toy_library(name) for name in names], boards.load("host"))


def test_several_inputs_are_told_apart_by_index() -> None:
    library = toy_library()
    ports = tuple(replace(library.inputs[0], function=f"toy_input_{index}") for index in range(3))
    plan = plan_project([replace(library, inputs=ports)], boards.load("host"))
    table = plan.generated["lib/tinygen_app/src/models.c"].decode()
    accessor = table[table.index("toy_input_at") : table.index("toy_output_at")]
    assert accessor.index("case 1:\n        return toy_input_1();") < accessor.index(
        "case 2:\n        return toy_input_2();"
    )
    assert "default:\n        return toy_input_0();" in accessor
    assert ".input_count = 3," in table


def test_no_models_makes_an_empty_table(golden: Golden) -> None:
    plan = plan_project([], boards.load("host"), ProjectOptions(tool="1.2.3"))
    golden("project/empty_models.c", plan.generated["lib/tinygen_app/src/models.c"].decode())
