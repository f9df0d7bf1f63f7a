"""Arguments, boards, inputs and outputs that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Refused, Run, npz
from tinygen import resources

IMAGE = np.zeros((1, 6, 5, 2), np.int8)
M4 = (resources.boards() / "mps2-an386.toml").read_text(encoding="utf-8")


@pytest.fixture
def board_file(tmp_path: Path) -> Callable[..., Path]:
    """A board like mps2-an386, with some facts changed."""

    def write(*changes: tuple[str, str]) -> Path:
        text = M4.replace('"mps2-an386"', '"mine"', 1).replace('board = "mps2-an386"', 'board = "mine"')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_no_model(refused: Refused) -> None:
    message = refused(2, "test", "--board", "host")
    assert message.startswith("Error: No model was named.\n  There is no tinygen.toml with models in ")
    assert "No model was named" in refused(2, "inspect")
    assert "No model was named" in refused(2, "vectors", "-o", "v.npz")


def test_no_board(refused: Refused, model: Path) -> None:
    message = refused(2, "build", model)
    assert message.startswith("Error: No board was named.")
    assert "--board mps2-an386" in message


def test_an_unknown_board_and_its_nearest(refused: Refused, model: Path) -> None:
    message = refused(2, "test", model, "--board", "mps2_an385")
    assert message.startswith("Error: There is no board 'mps2_an385'.\n  Boards: ")
    assert "1. Did you mean mps2-an386?" in message


def test_a_board_file_that_is_not_there(refused: Refused, model: Path) -> None:
    message = refused(2, "test", model, "--board", "./none.toml")
    assert message.startswith("Error: none.toml cannot be read.\n  No such file")


def test_a_board_file_with_wrong_facts(
    refused: Refused, model: Path, board_file: Callable[..., Path]
) -> None:
    path = board_file(('arch = "arm"', 'arch = "avr"'), ("clock_hz = 25_000_000", "clock_hz = -1"))
    message = refused(4, "build", model, "--board", path)
    assert f"{path} does not describe a board." in message
    assert f"{path}:5: arch: " in message
    assert "clock_hz" in message


def test_an_arena_that_does_not_fit(refused: Refused, model: Path, board_file: Callable[..., Path]) -> None:
    path = board_file(("origin = 0x2000_0000\nsize = 0x0040_0000", "origin = 0x2000_0000\nsize = 100"))
    message = refused(4, "test", model, "--board", path)
    assert "The model needs 132 B of arena, and the memory 'ssram23' has 100 B: 32 B too many." in message
    assert "The peak is at layer 0, 'conv/Relu6', with 132 B alive." in message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--emulator", "qemu"), "This computer does not run in emulator 'qemu'."),
        (("--emulator", "bochs"), "'bochs' is not one of 'auto', 'host', 'qemu'."),
        (("--kernels", "portabel"), "There is no kernel set named 'portabel'."),
        (("--kernels", "portable,"), "Invalid value for '--kernels': a name is missing."),
        (("--kernels", ""), "Invalid value for '--kernels': a name is missing."),
        (("--samples", "0"), "0 is not in the range 1<=x<=10000."),
        (("--samples", "many"), "'many' is not a valid integer"),
        (("--seed", "-1"), "-1 is not in the range x>=0."),
        (("--seed", str(1 << 70)), "An option has a value that makes no sense."),
        (("--timeout", "0"), "0 is not above 0"),
        (("--timeout", "nan"), "nan is not above 0"),
        (("--timeout", "inf"), "inf is not above 0"),
        (("--inputs", "a.npz", "--vectors", "b.npz"), "--inputs and --vectors were both given."),
        (("--json", "-", "--junit", "-"), "Two reports cannot go to the same place, -."),
        (("--json", "a", "--junit", "a"), "Two reports cannot go to the same place, a."),
        (("--inputs", "none.npz"), "none.npz does not exist."),
        (("--vectors", "none.npz"), "none.npz does not exist."),
        (("--vectors", "."), ". cannot be read."),
    ],
)
def test_options_that_make_no_sense(
    refused: Refused, model: Path, options: tuple[str, ...], told: str
) -> None:
    assert told in refused(2, "test", model, "--board", "host", "-o", "out", *options)


@pytest.mark.parametrize("option", ["--json", "--junit", "--outputs"])
@pytest.mark.parametrize(("target", "told"), [("none/file", "No such file"), (".", "Is a directory")])
def test_outputs_that_cannot_be_written_are_refused_before_any_work(
    refused: Refused, model: Path, option: str, target: str, told: str
) -> None:
    message = refused(2, "test", model, "--board", "host", "-o", "out", option, target)
    assert f"Error: {target} cannot be written.\n  {told}" in message


@pytest.mark.parametrize("target", ["none/v.npz", ".", "/dev/null/v.npz", "/"])
def test_vectors_that_cannot_be_written(refused: Refused, model: Path, target: str) -> None:
    assert "cannot be written." in refused(2, "vectors", model, "-o", target)


@pytest.mark.parametrize("command", ["generate", "build", "test", "run"])
def test_a_project_folder_that_is_a_file(refused: Refused, model: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "taken").write_text("mine")
    message = refused(2, command, model, "--board", "host", "-o", "taken")
    assert "The project cannot be written to taken." in message
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_with_other_things_in_it(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "platformio.ini").write_text("[env:mine]\n")
    message = refused(2, "build", model, "--board", "host", "-o", "mine")
    assert "mine is not a tinygen project" in message
    assert "--force" in message


INPUTS = {
    "text": (b"1, 2, 3", "cannot be read as numpy arrays.\n  It is neither an .npz nor an .npy file."),
    "damaged": (npz(in0=IMAGE)[:-30], "cannot be read as numpy arrays."),
    "pickled": (npz(in0=np.array([{"a": 1}])), "holds Python objects, which are never loaded."),
    "name": (npz(picture=IMAGE), "expected in0 or 'image': int8[1,6,5,2]\n  found    picture"),
    "shape": (npz(in0=IMAGE[:, 1:]), "found    in0: int8[1,5,5,2]"),
    "dtype": (npz(in0=IMAGE.astype(np.uint8)), "values of another type than input 'image'."),
    "nan": (npz(in0=np.full(IMAGE.shape, np.nan)), "NaN or infinity"),
    "none": (npz(in0=np.zeros((0, 6, 5, 2), np.int8)), "holds 0 samples"),
}


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize("command", ["test", "run", "vectors"])
def test_inputs_that_do_not_fit(
    refused: Refused, model: Path, tmp_path: Path, kind: str, command: str
) -> None:
    data, told = INPUTS[kind]
    (tmp_path / "given.npz").write_bytes(data)
    where = ("-o", "v.npz") if command == "vectors" else ("--board", "host", "-o", "out")
    message = refused(2, command, model, *where, "--inputs", "given.npz")
    assert message.startswith("Error: given.npz ")
    assert told in message


VECTORS = {
    "text": (b"1, 2, 3", "cannot be read as numpy arrays."),
    "inputs only": (npz(in0=IMAGE[None]), "does not hold vectors of this model."),
    "shape": (npz(in0=IMAGE[None], out0=np.zeros((1, 1, 4), np.int8)), "found    in0: int8[1,1,6,5,2]; out0"),
    "dtype": (npz(in0=IMAGE[None], out0=np.zeros((1, 1, 3))), "out0: float64[1,1,3]"),
    "counts": (npz(in0=IMAGE[None], out0=np.zeros((2, 1, 3), np.int8)), "does not hold vectors"),
    "metadata": (
        npz(in0=IMAGE[None], out0=np.zeros((1, 1, 3), np.int8), metadata=np.array('{"model_sha256": "0"}')),
        "was made for another model.",
    ),
}


@pytest.mark.parametrize("kind", VECTORS)
def test_vectors_of_something_else(refused: Refused, model: Path, tmp_path: Path, kind: str) -> None:
    data, told = VECTORS[kind]
    (tmp_path / "given.npz").write_bytes(data)
    message = refused(2, "test", model, "--board", "host", "-o", "out", "--vectors", "given.npz")
    assert message.startswith("Error: given.npz ")
    assert told in message
    assert "Things to try:\n  1. " in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("board = \n", "is not valid TOML."),
        ("bord = 'host'\n", "tinygen.toml:1: bord: "),
        ("[test]\nsamples = 'all'\n", "tinygen.toml:2: test.samples: "),
        ("[[models]]\npath = 'none.tflite'\n[test]\nseed = -1\n", "tinygen.toml:4: test.seed: "),
    ],
)
def test_a_project_file_with_faults(refused: Refused, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "tinygen.toml").write_text(text, encoding="utf-8")
    assert told in refused(2, "build", "--board", "host")


def test_a_project_file_whose_model_is_gone(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "tinygen.toml").write_text('board = "host"\n[[models]]\npath = "gone.tflite"\n')
    assert "gone.tflite cannot be read." in refused(2, "build")


def test_one_model_at_a_time(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "tinygen.toml").write_text(
        'board = "host"\n[[models]]\npath = "a.tflite"\n[[models]]\npath = "b.tflite"\n'
    )
    for command in ("test", "run", "inspect"):
        message = refused(2, command)
        assert "This command takes one model, and the project has several." in message
        assert "a.tflite, " in message
    assert "unexpected extra argument" in refused(2, "test", model, model, "--board", "host")


def test_two_models_of_one_name(refused: Refused, run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / model.name).write_bytes(model.read_bytes())
    message = refused(2, "generate", model, f"other/{model.name}", "--board", "host", "-o", "out")
    assert "Two libraries of the project would be called 'classifier'." in message
    assert "tinygen.toml" in message


@pytest.mark.parametrize(
    "name", ["string.tflite", "Math.tflite", "1 2.tflite", "für-dich.tflite", "int.tflite", "a" * 240]
)
def test_file_names_that_are_no_names_in_c(run: Run, model: Path, tmp_path: Path, name: str) -> None:
    model.rename(tmp_path / name)
    result = run("generate", name, "--board", "host", "-o", "out")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "out" / "lib").iterdir())) == 2
