"""The functions that scripts import."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from tests.support.bad_models import unsupported
from tests.support.hand_edit import change_weight
from tests.support.small_models import conv_classifier, dense_network
from tinygen import api, boards, building
from tinygen.errors import BudgetError, FitError, ModelError, ToolError, UsageError
from tinygen.project import BuildResult, Toolchain
from tinygen.project.write import WriteResult

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "sensor.tflite"
    path.write_bytes(dense_network())
    return path


@pytest.fixture
def settings(model: Path, tmp_path: Path) -> api.Settings:
    return api.settle(tmp_path, [model], "host", tmp_path / "project", samples=2)


def test_every_name_is_there_and_explained() -> None:
    assert list(api.__all__) == sorted(api.__all__)
    for name in api.__all__:
        value = getattr(api, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name


def test_compiling(model: Path) -> None:
    compiled = api.compile(model, boards.load("mps2-an386"))
    assert compiled.library.name == "sensor"
    assert [step.name for step in compiled.plan.steps] == ["hidden", "scores"]
    assert compiled.info.macs == 16 * 8 + 8 * 4
    assert api.compile(model, boards.load("mps2-an386"), name="other").library.name == "other"


def test_a_name_that_the_c_library_has_is_made_another(model: Path, tmp_path: Path) -> None:
    path = model.rename(tmp_path / "string.tflite")
    assert api.compile(path, boards.load("host")).library.name == "string_model"
    with pytest.raises(UsageError, match="cannot be called 'string'"):
        api.compile(path, boards.load("host"), name="string")


def test_strict_kernels_name_the_layers_that_fall_back(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = boards.load("host")
    api.compile(model, board, kernels=("portable",), strict_kernels=True)
    api.compile(model, board, strict_kernels=True)
    sets = building.registry.select("auto")
    monkeypatch.setattr("tinygen.kernels.registry.select", lambda names: sets)
    with pytest.raises(ModelError, match="2 of 2 layers have no kernel in fast") as caught:
        api.compile(model, board, kernels=("fast",), strict_kernels=True)
    assert "layer 0 'hidden': " in str(caught.value)
    api.compile(model, board, kernels=("fast",))


def test_inspecting(model: Path, tmp_path: Path) -> None:
    report = api.inspect(model)
    assert report.supported
    assert report.plan is not None
    bad = tmp_path / "bad.tflite"
    bad.write_bytes(unsupported())
    report = api.inspect(bad)
    assert not report.supported
    assert report.plan is None
    assert {problem.layer for problem in report.unsupported} >= {"block1/sums", "block1/pool", "sum"}


def test_boards_and_operators() -> None:
    assert {board.id for board in api.boards().boards} >= {"host", "mps2-an386"}
    assert "## FULLY_CONNECTED" in api.supported_ops()


def test_generating_tells_what_it_does(settings: api.Settings, tmp_path: Path) -> None:
    told: list[str] = []
    project = api.generate(settings, progress=told.append)
    assert told == ["Compiling sensor.tflite"]
    assert project.folder == tmp_path / "project"
    assert "platformio.ini" in project.written.written
    assert api.generate(settings).written.written == ()


def test_where_a_project_goes_that_has_no_folder(settings: api.Settings, sandbox: Path) -> None:
    nowhere = replace(settings, folder=None)
    assert api.project_folder(settings) == settings.folder
    assert api.project_folder(nowhere) == Path("sensor-host")
    first = api.generate(nowhere).folder
    assert sandbox in first.parents
    assert first.name.startswith("sensor-host-")
    other = replace(nowhere, config=nowhere.config.overridden(kernels=("portable",)))
    assert api.generate(other).folder != first


def test_a_project_that_cannot_be_written_leaves_nothing(settings: api.Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "platformio.ini").write_text("[env]\n")
    with pytest.raises(UsageError, match="is not a tinygen project"):
        api.generate(settings, folder)
    assert [path.name for path in folder.iterdir()] == ["platformio.ini"]
    api.generate(settings, folder, force=True)
    assert (folder / "platformio.ini").read_text() != "[env]\n"


def test_two_commands_take_turns(settings: api.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = api.generate(settings).folder
    monkeypatch.setattr(building, "_LOCK_SECONDS", 0.1)
    with (
        FileLock(folder / ".tinygen" / "lock"),
        pytest.raises(BudgetError, match="Another tinygen has been working on") as caught,
    ):
        api.generate(settings)
    assert caught.value.exit_code == 6
    api.generate(settings)


def test_a_linker_s_verdict_is_explained(settings: api.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(folder: Path, env: str) -> BuildResult:
        raise FitError("The firmware does not fit host.", why=["ram: 16 bytes too many"], hints=["Shrink."])

    monkeypatch.setattr("tinygen.project.build", overflow)
    with pytest.raises(FitError) as caught:
        api.build(settings)
    assert caught.value.why == (
        "ram: 16 bytes too many",
        "sensor has an arena of 24 B; its peak is at layer 0, 'hidden', with 24 B alive.",
        "sensor has 208 B of weights and 10 B of constants.",
    )
    assert caught.value.hints == ("Shrink.",)


def test_what_could_not_be_measured_is_a_warning(settings: api.Settings) -> None:
    project = replace(api.generate(settings), written=WriteResult(kept=("lib/x.c",)))
    result = BuildResult(
        "host", Path("firmware"), "0" * 64, Toolchain("gcc", "12"), Path(), baseline_problem="No main.\n  x"
    )
    built = api.Built(project, result, None)
    assert built.warnings == (
        "lib/x.c was edited by hand and is kept; --force writes it anew.",
        "The size of the code is not known: the image without models failed. No main.",
    )
    assert built.report.flash is None
    assert built.measured(5).stack == 5


@pytest.mark.platformio
@pytest.mark.oracle
def test_testing_running_and_a_changed_weight(settings: api.Settings, tmp_path: Path) -> None:
    told: list[str] = []
    outputs = tmp_path / "o.npz"
    result = api.test(settings, outputs=outputs, progress=told.append)
    assert result.report.bit_exact
    assert result.warnings == ()
    assert told == [
        "Compiling sensor.tflite",
        "Building for host",
        "Running sample 1 of 2",
        "Running sample 2 of 2",
        "Comparing",
    ]
    ran = api.run(settings, inputs=outputs)
    with np.load(outputs) as saved:
        assert np.array_equal(saved["out0"], np.stack([sample[0] for sample in ran.outputs]))
        assert np.array_equal(saved["in0"], np.stack([sample[0] for sample in ran.inputs]))

    change_weight(tmp_path / "project", "sensor", 1)
    wrong = api.test(settings)
    assert not wrong.report.bit_exact
    assert wrong.warnings
    found = wrong.report.first_divergence
    assert found is not None
    assert (found.layer, found.op, found.tensor) == ("scores", "FULLY_CONNECTED", "scores")
    assert found.expected != found.actual


def test_an_oracle_that_fails_ends_the_test(settings: api.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise ToolError("TensorFlow Lite Micro could not run the model.")

    monkeypatch.setattr("tinygen.oracle.choose_oracle", refuse)
    with pytest.raises(ToolError, match="could not run the model"):
        api.test(settings)


@pytest.mark.oracle
def test_vectors_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = tmp_path / "classifier.tflite"
    path.write_bytes(conv_classifier())
    api.vectors(path, tmp_path / "a.npz", samples=2, seed=1)
    api.vectors(path, tmp_path / "b.npz", samples=2, seed=1)
    api.vectors(path, tmp_path / "c.npz", samples=2, seed=2)
    read = [(tmp_path / f"{name}.npz").read_bytes() for name in "abc"]
    assert read[0] == read[1]
    assert read[0] != read[2]


def test_writing_text(tmp_path: Path) -> None:
    api.require_writable(tmp_path / "r.json")
    api.write_text(tmp_path / "r.json", "{}\n")
    assert (tmp_path / "r.json").read_bytes() == b"{}\n"
    with pytest.raises(UsageError, match="cannot be written"):
        api.write_text(tmp_path, "")
