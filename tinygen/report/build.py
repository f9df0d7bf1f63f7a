"""The reports of `tinygen build` and `tinygen boards`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from tinygen.boards import Board
from tinygen.report.base import Report, Section
from tinygen.report.sections import Count, ImageInfo, LayerPlan, Memory, ModelInfo, Usage


class BuiltModel(Section):
    """One model of the firmware."""

    name: str
    """Its name in C."""

    model: ModelInfo
    """The model file."""

    memory: Memory
    """Bytes of memory by kind; what cannot be told apart between several models is null."""

    layers: tuple[LayerPlan, ...]
    """In execution order."""


class BuildReport(Report):
    """What `tinygen build --json` writes."""

    board: str
    """Id of the board."""

    project: str
    """Folder of the PlatformIO project."""

    written: tuple[str, ...]
    """Files of the project that were written or changed; the others were up to date."""

    removed: tuple[str, ...]
    """Files of an earlier generation that were removed."""

    kept: tuple[str, ...]
    """Generated files that somebody edited; they are built as they are."""

    image: ImageInfo
    """The image that was built."""

    flash: Usage | None
    """Flash of the whole image; null where the image cannot be measured."""

    ram: Usage | None
    """RAM of the whole image, the stack included; null likewise."""

    code: int | None
    """Flash of the image minus that of the image without models, weights and constants."""

    models: tuple[BuiltModel, ...]
    """In the order in which the firmware numbers them."""


class EmulatorInfo(Section):
    """A model of a board in an emulator."""

    name: str
    """The emulator."""

    machine: str
    """The emulator's name for the board."""

    stand_in: bool
    """Whether it is another board with a core that runs the same instructions."""


class MemoryInfo(Section):
    """One address range of a board."""

    name: str
    """As the chip's manual calls it."""

    kind: str
    """Either "flash" or "ram"."""

    origin: Count
    """First address."""

    size: Count
    """Bytes."""


class BoardInfo(Section):
    """A board that tinygen can build for."""

    id: str
    """For --board."""

    name: str
    """For people."""

    mcu: str
    """The chip."""

    core: str
    """The chip's core."""

    features: tuple[str, ...]
    """Instruction set extensions."""

    clock_hz: Count
    """Rate of the core; 0 where it has none."""

    memories: tuple[MemoryInfo, ...]
    """Empty where nothing limits them."""

    frameworks: tuple[str, ...]
    """The default first."""

    emulators: tuple[EmulatorInfo, ...]
    """What can run its images."""

    @classmethod
    def of(cls, board: Board) -> Self:
        """The section for a board."""
        return cls(
            id=board.id,
            name=board.name,
            mcu=board.mcu,
            core=board.core,
            features=tuple(sorted(board.features)),
            clock_hz=board.clock_hz,
            memories=tuple(
                MemoryInfo(name=memory.name, kind=memory.kind.value, origin=memory.origin, size=memory.size)
                for memory in board.memories
            ),
            frameworks=tuple(framework.name for framework in board.frameworks),
            emulators=tuple(
                EmulatorInfo(name=model.name, machine=model.machine, stand_in=model.stand_in)
                for model in board.emulators
            ),
        )


class BoardsReport(Report):
    """What `tinygen boards --json` writes."""

    boards: tuple[BoardInfo, ...]
    """By id."""


def boards_report(boards: Iterable[Board]) -> BoardsReport:
    """The report for all boards."""
    return BoardsReport(boards=tuple(BoardInfo.of(board) for board in boards))
