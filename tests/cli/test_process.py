"""The command as a process: streams, signals and what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.bad_models import bad_models
from tests.support.processes import gone
from tests.support.tflite_writer import ModelWriter

TINYGEN = (sys.executable, "-m", "tinygen")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TINYGEN, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | environment,
    )


def test_an_error_is_on_standard_error_and_in_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "float.tflite").write_bytes(bad_models()["float"].data)
    done = call("test", "float.tflite", "--board", "host", "--json", "-")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("Error: float.tflite is a float model; ")
    assert list(tmp_path.iterdir()) == [tmp_path / "float.tflite"]


def test_usage_errors_have_code_2_and_no_traceback() -> None:
    for arguments in (("tset",), ("test", "--frob"), ("test",), ()):
        done = call(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_what_a_terminal_cannot_show_is_replaced(tmp_path: Path) -> None:
    w = ModelWriter()
    x = w.input("Eingang für ’s Modell", (1, 4), scales=0.5)
    y = w.tensor("ключ", (1, 4), scales=0.5)
    w.op("RELU", [x], [y])
    (tmp_path / "m.tflite").write_bytes(w.finish([y]))
    done = call("inspect", "m.tflite", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Eingang f?r ?s Modell" in done.stdout
    assert call("test", "--help", PYTHONIOENCODING="ascii", PYTHONUTF8="0").returncode == 0


@posix
@pytest.mark.parametrize("command", ["ops", "boards"])
def test_a_reader_that_goes_away_ends_it_quietly(command: str) -> None:
    process = subprocess.Popen([*TINYGEN, command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert errors == b""
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE


@posix
@pytest.mark.platformio
@pytest.mark.parametrize(
    ("number", "code", "told"), [(signal.SIGINT, 130, "\nInterrupted.\n"), (signal.SIGTERM, 143, "")]
)
def test_an_interrupted_build_leaves_no_process(
    model: Path, tmp_path: Path, number: signal.Signals, code: int, told: str
) -> None:
    gcc = tmp_path / "bin" / "gcc"
    gcc.parent.mkdir()
    gcc.write_text(f"#!/bin/sh\necho $$ >> '{tmp_path}/pids'\nexec sleep 300\n", encoding="ascii")
    gcc.chmod(0o755)
    process = subprocess.Popen(
        [*TINYGEN, "build", str(model), "--board", "host", "-o", "p"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PATH": f"{gcc.parent}:{os.environ['PATH']}"},
        start_new_session=True,
    )
    pids = tmp_path / "pids"
    deadline = time.monotonic() + 120
    while not pids.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (code, "", told)
    assert pids.read_text().split()
    assert all(gone(int(pid)) for pid in pids.read_text().split())
