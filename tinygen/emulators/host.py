"""The host: an image built with the native compiler, run as a process."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.boards import Board
from tinygen.emulators.facts import model_of
from tinygen.emulators.interface import Image, Session
from tinygen.emulators.process import ChildProcess
from tinygen.emulators.session import NoCount, open_session
from tinygen.emulators.transport import PipeTransport
from tinygen.errors import ToolError


@dataclass(frozen=True)
class Host:
    """Runs the image itself. Nothing is counted, and the stack is not measured."""

    name: str = "host"

    def machine(self, board: Board) -> str:
        """See `Emulator.machine`."""
        return model_of(board, self.name).machine

    def missing(self, board: Board) -> ToolError | None:
        """None: a process needs nothing."""
        return None

    def start(self, image: Image, board: Board, timeout: float) -> Session:
        """See `Emulator.start`."""
        self.machine(board)
        transport = PipeTransport(ChildProcess([str(image.path.absolute())]))
        return open_session(transport, image, timeout, NoCount())
