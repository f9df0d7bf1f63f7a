"""Byte streams to a firmware; see `protocol.Transport` for the interface."""

from __future__ import annotations

import os
import queue
import threading

from tinygen.emulators.process import ChildProcess

_CHUNK = 1 << 16


class PipeTransport:
    """The standard input and output of a process.

    A thread each way: pipes cannot be waited for with a time-out on every system, and a process that does not
    read must not stop the one that writes.

    Args:
        process: closed by this transport's `close`.
    """

    def __init__(self, process: ChildProcess) -> None:
        self._process = process
        self._received: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._to_send: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ended = False
        self._threads = [
            threading.Thread(target=target, name=f"{process.name} {name}", daemon=True)
            for target, name in ((self._receive, "stdout"), (self._send, "stdin"))
        ]
        for thread in self._threads:
            thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes for the process."""
        self._to_send.put(data)

    def read(self, timeout: float) -> bytes:
        """The bytes that have arrived, waiting up to `timeout` seconds; b"" when none came.

        Raises:
            ConnectionError: when the process has closed its output.
        """
        if self._ended:
            raise ConnectionError(f"{self._process.name} ended")
        try:
            data = self._received.get(timeout=timeout)
        except queue.Empty:
            return b""
        if data is None:
            self._ended = True
            raise ConnectionError(f"{self._process.name} ended")
        return data

    def diagnosis(self) -> tuple[str, ...]:
        """How the process ended, if it has, and its last words."""
        return self._process.diagnosis()

    def close(self) -> None:
        """End the process and the threads."""
        self._to_send.put(None)
        self._process.close()
        for thread in self._threads:
            thread.join(timeout=1)

    def _receive(self) -> None:
        try:
            while data := os.read(self._process.stdout.fileno(), _CHUNK):
                self._received.put(data)
        except (OSError, ValueError):
            pass  # closed under our hands: the same as its end
        self._received.put(None)

    def _send(self) -> None:
        try:
            while (data := self._to_send.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._process.stdin.fileno(), view) :]
        except (OSError, ValueError):
            pass  # the reader is gone, which read() reports
