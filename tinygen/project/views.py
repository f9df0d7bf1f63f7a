"""What the project's templates see: strings, ints and tuples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryView:
    """A line of a linker script's MEMORY command; origin and size as hexadecimal literals."""

    name: str
    access: str
    origin: str
    size: str


@dataclass(frozen=True)
class BoardView:
    """A board.

    Attributes:
        id, name: see `boards.Board`.
        platformio_board: its id in the PlatformIO platform.
        baud: of the console.
        stack_size: bytes that the linker script reserves.
        memories: all memories.
        code, weights, data, arena, stack: names of the memories that hold them; empty on the host.
    """

    id: str
    name: str
    platformio_board: str
    baud: int
    stack_size: int
    memories: tuple[MemoryView, ...]
    code: str
    weights: str
    data: str
    arena: str
    stack: str


@dataclass(frozen=True)
class PortView:
    """An input or output: the accessor's name, and the macro that gives its bytes."""

    function: str
    bytes_macro: str


@dataclass(frozen=True)
class ModelView:
    """A model in the application's table.

    Attributes:
        name, upper: prefix of functions and of macros.
        digest: 32 bytes as C literals, in rows.
        state_bytes: what a run keeps for the next.
        inputs, outputs: in the model's order.
    """

    name: str
    upper: str
    digest: tuple[str, ...]
    state_bytes: int
    inputs: tuple[PortView, ...]
    outputs: tuple[PortView, ...]


@dataclass(frozen=True)
class ProjectView:
    """A project: the tool's version, the board, the models, and tinygen.toml's values as TOML literals."""

    tool: str
    board: BoardView
    models: tuple[ModelView, ...]
    settings: tuple[tuple[str, str], ...]
    model_entries: tuple[tuple[tuple[str, str], ...], ...]
