"""The command line over tinygen.toml over the defaults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinygen import resources
from tinygen.errors import FitError, UsageError
from tinygen.settings import default_model, settle

HOST = (resources.boards() / "host.toml").read_text(encoding="utf-8")
TWO = """\
board = "host"
[[models]]
path = "a.tflite"
name = "first"
[[models]]
path = "models/b.tflite"
[test]
samples = 3
seed = 7
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two models, which is not the current folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "tinygen.toml").write_text(TWO, encoding="utf-8")
    return folder


def test_the_command_line_alone(tmp_path: Path) -> None:
    settings = settle(tmp_path, [tmp_path / "m.tflite"], "mps2-an386")
    assert settings.models == ((tmp_path / "m.tflite", None),)
    assert settings.board.id == "mps2-an386"
    assert (settings.folder, settings.board_file, settings.single()) == (None, None, 0)
    assert (settings.config.test.samples, settings.config.test.seed) == (8, 0)


def test_a_folder_of_the_command_line(tmp_path: Path) -> None:
    assert settle(tmp_path, [Path("m.tflite")], "host", tmp_path / "out").folder == tmp_path / "out"


def test_a_project_needs_nothing_else(project: Path) -> None:
    settings = settle(project)
    assert settings.models == ((project / "a.tflite", "first"), (project / "models/b.tflite", None))
    assert (settings.board.id, settings.folder, settings.chosen) == ("host", project, None)
    assert (settings.config.test.samples, settings.config.test.seed) == (3, 7)


def test_the_command_line_is_over_the_project(project: Path) -> None:
    settings = settle(project, (), "mps2-an386", samples=1, seed=None, kernels=("portable",))
    assert settings.board.id == "mps2-an386"
    assert (settings.config.test.samples, settings.config.test.seed) == (1, 7)
    assert settings.config.kernels == ("portable",)


def test_one_of_a_project_s_models_is_built_with_the_others(project: Path) -> None:
    settings = settle(project, [Path(os.path.relpath(project / "models" / "b.tflite"))])
    assert len(settings.models) == 2
    assert (settings.single(), settings.folder) == (1, project)


def test_elsewhere_it_is_built_alone_under_its_name(project: Path, tmp_path: Path) -> None:
    settings = settle(project, [project / "a.tflite"], folder=tmp_path / "out")
    assert settings.models == ((project / "a.tflite", "first"),)
    assert (settings.single(), settings.folder) == (0, tmp_path / "out")


def test_another_model_does_not_take_the_project_s_folder(project: Path) -> None:
    settings = settle(project, [project / "c.tflite"])
    assert settings.models == ((project / "c.tflite", None),)
    assert settings.folder is None


def test_several_models_and_no_choice(project: Path) -> None:
    with pytest.raises(UsageError, match="takes one model") as caught:
        settle(project).single()
    assert "a.tflite" in str(caught.value)
    with pytest.raises(UsageError, match="takes one model"):
        default_model(project)


def test_the_only_model(tmp_path: Path) -> None:
    (tmp_path / "tinygen.toml").write_text("[[models]]\npath = 'a.tflite'\n")
    assert default_model(tmp_path) == tmp_path / "a.tflite"
    assert settle(tmp_path, (), "host").single() == 0


def test_nothing_to_work_on(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No model was named"):
        settle(tmp_path, (), "host")
    with pytest.raises(UsageError, match="No model was named"):
        default_model(tmp_path)
    with pytest.raises(UsageError, match="No board was named"):
        settle(tmp_path, [Path("m.tflite")])


def test_what_a_project_records_leads_back(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "deep"
    recorded = settle(project).recorded(folder)
    assert recorded.board == "host"
    assert [entry.path for entry in recorded.models] == [
        "../../project/a.tflite",
        "../../project/models/b.tflite",
    ]
    assert [entry.name for entry in recorded.models] == ["first", None]
    assert recorded.test.samples == 3


def test_a_board_file_is_recorded_by_its_path(tmp_path: Path) -> None:
    mine = tmp_path / "boards" / "mine.toml"
    mine.parent.mkdir()
    text = HOST.replace('id = "host"', 'id = "mine"').replace('board = "host"', 'board = "mine"')
    mine.write_text(text, encoding="utf-8")
    settings = settle(tmp_path, [tmp_path / "m.tflite"], str(mine))
    assert settings.board.id == "mine"
    assert settings.recorded(tmp_path / "out").board == "../boards/mine.toml"

    project = tmp_path / "out"
    project.mkdir()
    (project / "tinygen.toml").write_text('board = "../boards/mine.toml"\n[[models]]\npath = "m.tflite"\n')
    assert settle(project).board.id == "mine"
    mine.write_text(text.replace("clock_hz = 0", "clock_hz = -1"), encoding="utf-8")
    with pytest.raises(FitError, match="does not describe a board"):
        settle(project)


def test_an_option_out_of_range(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="makes no sense") as caught:
        settle(tmp_path, [Path("m.tflite")], "host", samples=10_001)
    assert "test.samples" in str(caught.value)
