"""No process is left behind, however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import alive, gone
from tinygen import boards
from tinygen.emulators import Image
from tinygen.emulators.host import Host
from tinygen.emulators.process import ChildProcess
from tinygen.emulators.transport import PipeTransport
from tinygen.errors import BudgetError, ToolError

SH = shutil.which("sh") or "sh"
FORKING = [SH, "-c", "sleep 300 & echo $!; echo words >&2; wait"]


def test_closing_kills_the_whole_group_and_removes_the_folder() -> None:
    with ChildProcess(FORKING) as process:
        grandchild = int(process.stdout.readline())
        assert alive(process.pid)
        assert alive(grandchild)
        assert process.folder.is_dir()
    assert gone(process.pid)
    assert gone(grandchild)
    assert not process.folder.exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_exceptions_leave_nothing(error: type[BaseException]) -> None:
    with pytest.raises(error), ChildProcess(FORKING) as process:
        raise error
    assert gone(process.pid)


@pytest.mark.parametrize("error", [BudgetError, KeyboardInterrupt])
def test_a_failed_start_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    program = tmp_path / "silent"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 300\n")
    program.chmod(0o755)
    if error is KeyboardInterrupt:
        read = PipeTransport.read

        def interrupted(self: PipeTransport, timeout: float) -> bytes:
            read(self, 0.3)
            raise KeyboardInterrupt

        monkeypatch.setattr(PipeTransport, "read", interrupted)
    with pytest.raises(error):
        Host().start(Image(program), boards.load("host"), 0.5)
    assert gone(int((tmp_path / "pid").read_text()))


def test_an_image_that_is_killed_is_a_tool_error(host_image: Path) -> None:
    with Host().start(Image(host_image, "tally"), boards.load("host"), 20) as session:
        children = Path("/proc/thread-self/children")
        if not children.exists():
            pytest.skip("needs /proc/<pid>/task/<tid>/children")
        for pid in map(int, children.read_text().split()):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/exe").readlink() == host_image:
                    os.kill(pid, signal.SIGKILL)
        with pytest.raises(ToolError, match="killed by SIGKILL"):
            session.run([b"\0"])


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("setpriv") is None, reason="needs Linux and util-linux's setpriv"
)
def test_a_killed_parent_leaves_nothing(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\n"
        "from tinygen.emulators.process import ChildProcess\n"
        f"child = ChildProcess([{shutil.which('sleep')!r}, '300'])\n"
        "print(child.pid, child.folder, flush=True)\n"
        "time.sleep(300)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        assert alive(int(pid))
        parent.kill()
    assert gone(int(pid))
    shutil.rmtree(folder)


def test_a_child_outlives_the_thread_that_started_it() -> None:
    started: list[ChildProcess] = []
    thread = threading.Thread(target=lambda: started.append(ChildProcess(FORKING)))
    thread.start()
    thread.join()
    with started[0] as process:
        assert process.stdout.readline()
        time.sleep(0.2)
        assert alive(process.pid)


def test_the_diagnosis_has_the_last_words() -> None:
    with ChildProcess([SH, "-c", "for i in $(seq 1000); do echo line $i >&2; done; exit 7"]) as process:
        assert process.exited(10)
        diagnosis = process.diagnosis()
    assert diagnosis[0] == "sh exited with code 7."
    assert diagnosis[-1] == "stderr: line 1000"
    assert len(diagnosis) == 21


def test_a_program_that_does_not_exist_is_a_tool_error() -> None:
    with pytest.raises(ToolError, match="Cannot run"):
        ChildProcess(["/no/such/program"])


def wait_for(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_program_that_does_not_read_stops_neither_writing_nor_closing() -> None:
    threads = set(threading.enumerate())
    transport = PipeTransport(ChildProcess([shutil.which("sleep") or "sleep", "300"]))
    transport.write(bytes(1 << 20))
    assert transport.read(0.05) == b""
    transport.close()
    assert wait_for(lambda: set(threading.enumerate()) <= threads)


def test_all_bytes_pass_both_ways() -> None:
    data = bytes(range(256)) * 1024
    transport = PipeTransport(ChildProcess([shutil.which("cat") or "cat"]))
    try:
        transport.write(data)
        received = b""
        while len(received) < len(data) and (part := transport.read(5)):
            received += part
        assert received == data
    finally:
        transport.close()
    with pytest.raises(ConnectionError):
        transport.read(1)
