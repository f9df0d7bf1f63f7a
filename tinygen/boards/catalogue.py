"""Finding board files: those that come with tinygen, and a user's own."""

from __future__ import annotations

import difflib
from pathlib import Path

from tinygen import resources
from tinygen.boards import toml_file
from tinygen.boards.board import Board
from tinygen.errors import FitError, UsageError


def load_file(path: Path) -> Board:
    """The board that a file describes.

    Raises:
        UsageError: when the file cannot be read or is not TOML.
        FitError: when its facts break a rule; file, key and line of each.
    """
    text = toml_file.read(path)
    board = toml_file.parse(Board, text, path, what="a board", error=FitError)
    if board.id != path.stem:
        line = toml_file.line_of(text, ["id"])
        raise FitError(
            f"{path} does not describe a board.",
            why=[f"{path}:{line}: id: must be the file's name without .toml (found {board.id!r})"],
            hints=[f'Rename the file to {board.id}.toml, or write id = "{path.stem}".'],
        )
    return board


def board_ids(folder: Path | None = None) -> tuple[str, ...]:
    """Ids of all boards in `folder` (tinygen's own by default), sorted."""
    return tuple(sorted(path.stem for path in (folder or resources.boards()).glob("*.toml")))


def is_path(board: str) -> bool:
    """Whether `board` names a file, not one of tinygen's boards."""
    return board.endswith(".toml") or "/" in board or "\\" in board


def load(board: str, folder: Path | None = None) -> Board:
    """The board with an id, or the one a path to a .toml file describes.

    Args:
        board: id such as "mps2-an386", or path such as "./my_board.toml".
        folder: where the board files are; tinygen's own by default.

    Raises:
        UsageError: for an unknown board (with the nearest names), an unreadable file.
        FitError: for a file whose facts break a rule.
    """
    if is_path(board):
        return load_file(Path(board))
    known = board_ids(folder)
    if board not in known:
        near = difflib.get_close_matches(board, known, n=3, cutoff=0.5)
        hints = [f"Did you mean {' or '.join(near)}?"] if near else []
        hints.append("Describe the board in a file of your own and name it: --board ./my_board.toml.")
        raise UsageError(
            f"There is no board {board[:80]!r}.", why=[f"Boards: {', '.join(known)}."], hints=hints
        )
    return load_file((folder or resources.boards()) / f"{board}.toml")


def all_boards(folder: Path | None = None) -> tuple[Board, ...]:
    """Every board, by id.

    Raises:
        FitError: when a file's facts break a rule.
    """
    return tuple(load(board, folder) for board in board_ids(folder))
