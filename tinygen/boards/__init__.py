"""Loads and checks the board files."""

from tinygen.boards.board import (
    ROLES,
    Board,
    CompilerFacts,
    ConsoleFacts,
    CounterFacts,
    EmulatorFacts,
    FrameworkFacts,
    MemoryFacts,
    Role,
    UploadFacts,
)
from tinygen.boards.catalogue import all_boards, board_ids, is_path, load, load_file

__all__ = [
    "ROLES",
    "Board",
    "CompilerFacts",
    "ConsoleFacts",
    "CounterFacts",
    "EmulatorFacts",
    "FrameworkFacts",
    "MemoryFacts",
    "Role",
    "UploadFacts",
    "all_boards",
    "board_ids",
    "is_path",
    "load",
    "load_file",
]
