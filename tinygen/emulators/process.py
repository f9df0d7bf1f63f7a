"""A child process that does not outlive what started it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tinygen.errors import ToolError

_KEPT_LINES = 20


def _with_parent(command: Sequence[str]) -> list[str]:
    """The command, wrapped so that it ends with its parent, where the system offers that.

    Linux sends the signal when the *thread* that started the process ends (prctl(2), PR_SET_PDEATHSIG), so
    it is used from the main thread only. setpriv becomes the command: the process is the same.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    if setpriv is None or threading.current_thread() is not threading.main_thread():
        return list(command)
    return [setpriv, "--pdeathsig", "KILL", "--", *command]


class ChildProcess:
    """A process with pipes, in a group and a temporary folder of its own.

    The folder is its working directory and TMPDIR. Leaving the context kills the whole group and removes the
    folder, whatever happened. What it writes to stderr is collected.

    Args:
        command: program and arguments; the program as an absolute path.

    Raises:
        ToolError: when it cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.name = Path(command[0]).name
        if shutil.which(command[0]) is None:
            raise ToolError(
                f"Cannot run {command[0]}.",
                why=["There is no such program."],
                hints=["Build the image first.", "Build it for this machine."],
            )
        self._temporary = tempfile.TemporaryDirectory(prefix="tinygen-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        try:
            self._process = subprocess.Popen(
                _with_parent(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env={**os.environ, "TMPDIR": self._temporary.name},
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            self._temporary.cleanup()
            raise ToolError(
                f"Cannot run {command[0]}.",
                why=[f"{error.strerror or error}."],
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.stdin: IO[bytes] = self._process.stdin
        self.stdout: IO[bytes] = self._process.stdout
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._collector = threading.Thread(
            target=self._collect, args=(self._process.stderr,), name=f"{self.name} stderr", daemon=True
        )
        self._collector.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stderr(self) -> tuple[str, ...]:
        """The last lines that it wrote to stderr."""
        return tuple(self._lines)

    def diagnosis(self) -> tuple[str, ...]:
        """How it ended, if it has, and what it said on stderr; one string a line."""
        ending = "is still running"
        if self.exited():
            self._collector.join(timeout=1)
            code = self._process.returncode
            ending = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with code {code}"
        return (f"{self.name} {ending}.", *(f"stderr: {line}" for line in self._lines))

    def exited(self, timeout: float = 0.1) -> bool:
        """Whether it has ended, or does within `timeout` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Kill it and whatever it started; may be called again."""
        if self._process.returncode is None:
            if sys.platform == "win32":
                self._process.kill()
            else:
                # The group is the process's own (start_new_session), and exists as long as it is not reaped.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._collector.join(timeout=1)
        for stream in (self.stdin, self.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._temporary.cleanup()

    def _collect(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                self._lines.append(line[:400].decode("utf-8", "replace").rstrip())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
