"""The commands with good input, on the host."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest

from tests.cli.conftest import Run, only_object
from tests.support.bad_models import unsupported
from tests.support.hand_edit import change_weight
from tests.support.small_models import dense_network

DOCS = Path(__file__).parents[2] / "docs"
BUNDLED = Path(__file__).parents[2] / "examples"


def checked(command: str, text: str) -> dict[str, object]:
    """The object that `text` is, valid by the published schema."""
    found = only_object(text)
    schema = json.loads((DOCS / "schema" / f"{command}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    return found


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, for a project that is built once and built again from its objects."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "sensor.tflite").write_bytes(dense_network())
    return folder


@pytest.fixture
def project(run: Run, workshop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generated project without edits, which is the current folder."""
    folder = workshop / "project"
    made = run("generate", workshop / "sensor.tflite", "--board", "host", "-o", folder, "--force")
    assert made.exit_code == 0, made.output
    monkeypatch.chdir(folder)
    return folder


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file of a project, PlatformIO's and the lock left out."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and ".pio" not in path.parts and path.name != "lock"
    }


def test_inspect(run: Run, model: Path) -> None:
    result = run("inspect", model)
    assert result.exit_code == 0
    assert result.stderr == ""
    for told in (
        "MACs     2,232",
        "image: int8[1,6,5,2]",
        "CONV_2D",
        "portable/",
        "arena 132 B",
        "set by layer",
    ):
        assert told in result.stdout


def test_inspect_as_json(run: Run, model: Path) -> None:
    found = checked("inspect", run("inspect", model, "--json").stdout)
    assert found["supported"] is True


def test_inspect_of_what_is_not_supported_as_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.tflite").write_bytes(unsupported())
    result = run("inspect", "bad.tflite", "--json")
    assert result.exit_code == 3
    assert result.stderr == ""
    found = checked("inspect", result.stdout)
    assert found["supported"] is False
    assert len(found["unsupported"]) == 5  # type: ignore[arg-type]


def test_boards(run: Run) -> None:
    assert "mps2-an386" in run("boards").stdout
    found = checked("boards", run("boards", "--json").stdout)
    assert {board["id"] for board in found["boards"]} >= {"host", "mps2-an386"}  # type: ignore[attr-defined]


def test_ops_are_the_published_page(run: Run) -> None:
    assert run("ops").stdout.startswith("# ")
    assert "## CONV_2D" in run("ops").stdout


def test_doctor(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code in {0, 5}
    for tool in ("platformio", "scons", "gcc", "tflite-micro", "qemu"):
        assert tool in result.stdout


def test_generate_tells_what_it_wrote_and_writes_nothing_twice(run: Run, model: Path, tmp_path: Path) -> None:
    first = run("generate", model, "--board", "mps2-an386", "-o", "p")
    before = contents(tmp_path / "p")
    assert first.stdout == f"p: {len(before) - 1} files written, 0 up to date, 0 removed\n"
    second = run("generate", model, "--board", "mps2-an386", "-o", "p")
    assert second.stdout.startswith("p: 0 files written, ")
    assert contents(tmp_path / "p") == before


def test_a_project_has_a_folder_of_its_own(run: Run, model: Path, tmp_path: Path) -> None:
    assert run("generate", model, "--board", "host").exit_code == 0
    assert (tmp_path / "classifier-host" / "platformio.ini").is_file()


def test_edited_files_are_kept_with_a_warning(run: Run, model: Path, tmp_path: Path) -> None:
    run("generate", model, "--board", "host", "-o", "p")
    weights = tmp_path / "p" / "lib" / "classifier" / "src" / "classifier_weights.c"
    edited = weights.read_text().replace("{", "{ /* mine */", 1)
    weights.write_text(edited)
    result = run("generate", model, "--board", "host", "-o", "p")
    assert result.stderr == (
        "Warning: lib/classifier/src/classifier_weights.c was edited by hand and is kept; "
        "--force writes it anew.\n"
    )
    assert weights.read_text() == edited
    assert run("generate", model, "--board", "host", "-o", "p", "--force").stderr == ""
    assert weights.read_text() != edited


@pytest.mark.platformio
def test_build(run: Run, project: Path) -> None:
    result = run("build")
    assert result.exit_code == 0, result.output
    for told in ("arena", "weights", "constants", "code", "flash, whole image", "toolchain", "/firmware"):
        assert told in result.stdout
    before = contents(project)
    found = checked("build", run("build", "--json").stdout)
    assert found["written"] == []
    assert found["board"] == "host"
    assert Path(found["image"]["path"]).is_file()  # type: ignore[index]
    assert contents(project) == before


@pytest.mark.platformio
@pytest.mark.oracle
@pytest.mark.usefixtures("project")
def test_test_in_a_project_needs_no_arguments(run: Run) -> None:
    result = run("test")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("bit-exact with TensorFlow Lite Micro ")
    assert result.stdout.splitlines()[-1].endswith("every output of 8 samples")


@pytest.mark.platformio
@pytest.mark.oracle
def test_json_to_standard_output_is_all_there_is(run: Run, project: Path, tmp_path: Path) -> None:
    header = project / "lib" / "sensor" / "src" / "sensor.h"
    header.write_text(header.read_text() + "/* mine */\n")
    files = ("--junit", tmp_path / "junit.xml", "--outputs", tmp_path / "o.npz")
    result = run("test", "--json", "-", "--samples", "3", *files)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("Warning: lib/sensor/src/sensor.h was edited by hand")
    found = checked("test", result.stdout)
    assert (found["bit_exact"], found["samples"], found["counter"]) == (True, 3, "none")
    assert found["instructions"] is None
    assert found["oracle"]["name"] == "tflm"  # type: ignore[index]
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.find(".//failure") is None
    with np.load(tmp_path / "o.npz") as outputs:
        assert outputs["in0"].shape == (3, 1, 16)
        assert outputs["out0"].shape == (3, 1, 4)


@pytest.mark.platformio
@pytest.mark.oracle
@pytest.mark.usefixtures("project")
def test_json_to_a_file_leaves_the_text(run: Run, tmp_path: Path) -> None:
    result = run("test", "--json", tmp_path / "report.json", "--seed", "5")
    assert "bit-exact with" in result.stdout
    assert checked("test", (tmp_path / "report.json").read_text())["bit_exact"] is True


@pytest.mark.platformio
@pytest.mark.oracle
def test_a_mismatch_is_told_with_its_layer_and_exit_code_1(run: Run, project: Path, tmp_path: Path) -> None:
    change_weight(project, "sensor", 0)
    result = run("test", "--junit", tmp_path / "junit.xml")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "NOT bit-exact with TensorFlow Lite Micro" in result.stdout
    assert "first diverging layer: hidden (FULLY_CONNECTED" in result.stdout
    assert "expected" in result.stdout
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().find(".//failure") is not None

    result = run("test", "--json", "-")
    assert result.exit_code == 1
    found = checked("test", result.stdout)
    assert found["bit_exact"] is False
    assert found["mismatched_outputs"] > 0  # type: ignore[operator]
    assert found["first_divergence"]["layer"] == "hidden"  # type: ignore[index]


@pytest.mark.platformio
@pytest.mark.usefixtures("project")
def test_run_prints_outputs_or_writes_them(run: Run, tmp_path: Path) -> None:
    result = run("run", "--samples", "2")
    assert result.exit_code == 0
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        "sample 0 out0 int8[1, 4]",
        "sample 1 out0 int8[1, 4]",
    ]
    again = run("run", "--samples", "2", "--outputs", tmp_path / "o.npz")
    assert again.stdout == f"{tmp_path / 'o.npz'}: 2 samples\n"
    with np.load(tmp_path / "o.npz") as outputs:
        printed = [line.split(": ")[1] for line in result.stdout.splitlines()]
        assert [" ".join(map(str, sample.ravel())) for sample in outputs["out0"]] == printed
    fed = run("run", "--inputs", tmp_path / "o.npz")
    assert fed.stdout == result.stdout


@pytest.mark.oracle
def test_vectors_of_real_inputs(run: Run, model: Path, tmp_path: Path) -> None:
    values = np.linspace(-3, 3, 60, dtype=np.float32).reshape(1, 6, 5, 2)
    np.save(tmp_path / "real.npy", values)
    result = run("vectors", model, "-o", "v.npz", "--inputs", "real.npy")
    assert result.stdout.startswith("v.npz: computed by tflm ")
    with np.load(tmp_path / "v.npz") as vectors:
        expected = np.clip(np.round(values / 0.5) + 3, -128, 127)
        assert np.array_equal(vectors["in0"][0], expected)


@pytest.mark.platformio
@pytest.mark.oracle
@pytest.mark.usefixtures("project")
def test_golden_vectors_need_no_oracle(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = tmp_path / "v.npz"
    assert run("vectors", "-o", vectors, "--samples", "2").exit_code == 0
    monkeypatch.setattr("tinygen.oracle.tflm.installed", lambda: False)
    assert run("test", "--samples", "2").exit_code == 5
    result = run("test", "--vectors", vectors, "--json", "-")
    assert result.exit_code == 0, result.output
    found = checked("test", result.stdout)
    assert found["oracle"]["name"] == "vectors"  # type: ignore[index]
    assert found["oracle"]["version"].startswith("tflm ")  # type: ignore[index]
    assert found["samples"] == 2


@pytest.mark.platformio
@pytest.mark.oracle
def test_any_model_of_a_project_of_two(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "second.tflite").write_bytes(dense_network())
    result = run("build", model, "second.tflite", "--board", "host", "-o", "both")
    assert result.exit_code == 0, result.output
    assert "code, all models" in result.stdout
    monkeypatch.chdir(tmp_path / "both")
    before = contents(tmp_path / "both")
    reports = [
        checked("test", run("test", f"../{name}.tflite", "--json", "-").stdout)
        for name in ("classifier", "second")
    ]
    assert [report["bit_exact"] for report in reports] == [True, True]
    assert [Path(report["model"]["path"]).stem for report in reports] == ["classifier", "second"]  # type: ignore[index]
    assert reports[0]["image"] == reports[1]["image"]
    assert contents(tmp_path / "both") == before
    assert run("run", "../second.tflite", "--samples", "1").exit_code == 0


@pytest.mark.platformio
def test_a_board_file_of_ones_own_is_remembered(
    run: Run, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = (Path(__file__).parents[2] / "boards" / "host.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        host.replace('"host"', '"mine"').replace('core = "mine"', 'core = "host"')
    )
    assert run("generate", model, "--board", "mine.toml", "-o", "p").exit_code == 0
    assert 'board = "../mine.toml"' in (tmp_path / "p" / "tinygen.toml").read_text()
    monkeypatch.chdir(tmp_path / "p")
    assert run("generate").stdout.startswith(f"{tmp_path / 'p'}: 0 files written")


@pytest.mark.platformio
@pytest.mark.oracle
def test_the_host_stands_in_for_another_board(run: Run, model: Path) -> None:
    result = run("test", model, "--board", "mps2-an386", "--emulator", "host", "--json", "-")
    found = checked("test", result.stdout)
    assert (found["board"], found["emulator"], found["stand_in"]) == ("mps2-an386", "host", True)
    assert found["image"]["env"] == "host"  # type: ignore[index]


@pytest.mark.parametrize("example", ["digits_cnn", "gesture_mlp", "tones_ds_cnn"])
def test_bundled_models_are_supported(run: Run, example: str) -> None:
    assert run("inspect", BUNDLED / "models" / f"{example}.tflite").exit_code == 0
