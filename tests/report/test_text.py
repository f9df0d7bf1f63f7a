"""Reports as people see them."""

import io

import pytest

from tests.conftest import Golden
from tests.support.reports import MISMATCHED, build, inspected, verification
from tinygen.boards import load
from tinygen.report.build import boards_report
from tinygen.report.text import (
    plain,
    printable,
    render_boards,
    render_build,
    render_inspection,
    render_verification,
    show,
)


@pytest.mark.parametrize(
    ("name", "renderable"),
    [
        ("inspect", render_inspection(inspected())),
        ("inspect_unsupported", render_inspection(inspected(supported=False))),
        ("build", render_build(build())),
        ("test_bit_exact", render_verification(verification())),
        ("test_mismatch", render_verification(verification(MISMATCHED, inferences=()))),
    ],
)
def test_plain_text(golden: Golden, name, renderable):
    golden(f"reports/{name}.txt", plain(renderable))


def test_boards_are_listed_with_their_memories_and_emulators():
    text = plain(render_boards(boards_report([load("host"), load("mps2-an386")])))
    host, board = text.splitlines()[1:3]
    assert host.startswith("host")
    assert "unlimited" in host
    assert "mps2-an386" in board
    assert "qemu (mps2-an386)" in board
    assert "cortex-m4" in board


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_on_a_terminal_and_none_elsewhere(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, pipe = _Terminal(), io.StringIO()
    show(render_verification(verification()), terminal)
    show(render_verification(verification()), pipe)
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in pipe.getvalue()


def test_even_a_forced_colour_stays_out_of_plain_text(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in plain(render_verification(verification()))


def test_standard_output_is_the_default(capsys):
    show(render_build(build()))
    assert "build/firmware.elf" in capsys.readouterr().out


def test_an_ascii_stream_gets_what_it_can_hold():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    report = verification()
    odd = report.model_copy(update={"model": report.model.model_copy(update={"path": "modèle.tflite"})})
    show(render_verification(odd), stream)
    stream.flush()
    assert b"mod?le.tflite" in stream.buffer.getvalue()


def test_a_model_s_markup_is_only_text():
    report = verification()
    odd = report.model_copy(
        update={"model": report.model.model_copy(update={"path": "[bold]x[/bold] :smile:"})}
    )
    assert "[bold]x[/bold] :smile:" in plain(render_verification(odd))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("conv/Relu;conv/Conv2D", "conv/Relu;conv/Conv2D"),
        ("a\x1b[31mb\nc\u202e", "a\ufffd[31mb\ufffdc\ufffd"),
        ("x" * 25 + "y" * 9_975, "x" * 24 + "…" + "y" * 23),
        ("n" * 48, "n" * 48),
    ],
)
def test_names_are_safe_to_print(name, shown):
    assert printable(name) == shown
