"""What a command works on: the command line over tinygen.toml over the defaults."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen import boards
from tinygen.boards import Board
from tinygen.errors import UsageError
from tinygen.project.config import FILE_NAME, ModelEntry, ProjectConfig, load


@dataclass(frozen=True)
class Settings:
    """Models, board and options, settled.

    Attributes:
        models: (path, C name or None) of each model, in the order in which the firmware numbers them.
        board: to build for.
        config: all other options.
        folder: the project folder; None where neither -o nor a tinygen.toml names one.
        board_file: the user's file that describes the board; None for one of tinygen's own.
        chosen: index of the model that a command for one model works on; None where none was named.
    """

    models: tuple[tuple[Path, str | None], ...]
    board: Board
    config: ProjectConfig
    folder: Path | None
    board_file: Path | None = None
    chosen: int | None = None

    def single(self) -> int:
        """Index of the model that a command for one model works on.

        Raises:
            UsageError: where there are several and none was named.
        """
        if self.chosen is not None:
            return self.chosen
        if len(self.models) > 1:
            raise _several([path for path, _ in self.models])
        return 0

    def recorded(self, folder: Path) -> ProjectConfig:
        """The configuration that a tinygen.toml in `folder` should hold."""
        entries = tuple(ModelEntry(path=_relative(path, folder), name=name) for path, name in self.models)
        board = _relative(self.board_file, folder) if self.board_file else self.board.id
        return self.config.overridden(board=board, models=entries)


def _relative(path: Path, folder: Path) -> str:
    """`path` seen from `folder`; absolute where no relative path leads there, as between Windows drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.absolute().as_posix()


def default_model(here: Path) -> Path:
    """The model of the project in `here`.

    Raises:
        UsageError: when it has none, or several.
    """
    paths = load(here).model_paths(here)
    if not paths:
        raise _no_model(here)
    if len(paths) > 1:
        raise _several(paths)
    return paths[0]


def allows_float(here: Path) -> bool:
    """Whether the project in `here`, if there is one, takes models that are float32 throughout."""
    return load(here).allow_float


def settle(
    here: Path,
    models: Sequence[Path] = (),
    board: str | None = None,
    folder: Path | None = None,
    **options: object,
) -> Settings:
    """Merge the command line with the tinygen.toml of `here`.

    A project is always generated whole: where the models named are some of its own, all of them are built.

    Args:
        here: the current folder.
        models: from the command line; those of tinygen.toml where there are none.
        board: from the command line.
        folder: from the command line; `here` where the models are those of its tinygen.toml.
        options: other fields of ProjectConfig and of its test table; None where not given.

    Raises:
        UsageError: when there is no model or no board, or an option makes no sense.
        FitError: when the board's file is wrong.
    """
    config = load(here)
    entries = tuple(
        (path, entry.name) for path, entry in zip(config.model_paths(here), config.models, strict=True)
    )
    own = [path.resolve() for path, _ in entries]
    named = [path.resolve() for path in models]
    whole = set(named) <= set(own) and (folder is None or folder.resolve() == here.resolve())
    names = dict(zip(own, (name for _, name in entries), strict=True))
    settled = entries if whole else tuple((path, names.get(path.resolve())) for path in models) or entries
    if not settled:
        raise _no_model(here)
    found, file = _board(here, board, config)
    return Settings(
        models=settled,
        board=found,
        config=config.overridden(**options),
        folder=folder or (here if whole else None),
        board_file=file,
        chosen=(own.index(named[0]) if whole else 0) if len(named) == 1 else None,
    )


def _board(here: Path, named: str | None, config: ProjectConfig) -> tuple[Board, Path | None]:
    """The board, and its file where it is the user's own; that of tinygen.toml is seen from `here`."""
    board = named or config.board
    if board is None:
        raise UsageError(
            "No board was named.",
            hints=[
                "Name one: --board mps2-an386 (an emulated Cortex-M4F) or --board host.",
                "See which there are: `tinygen boards`.",
            ],
        )
    if not boards.is_path(board):
        return boards.load(board), None
    file = Path(board) if named else here / board
    return boards.load_file(file), file


def _several(paths: Sequence[Path]) -> UsageError:
    return UsageError(
        "This command takes one model, and the project has several.",
        why=[f"Its models: {', '.join(map(str, paths))}."],
        hints=["Name one of them."],
    )


def _no_model(here: Path) -> UsageError:
    return UsageError(
        "No model was named.",
        why=[f"There is no {FILE_NAME} with models in {here}."],
        hints=[
            "Give the path of a .tflite file.",
            "Work in a project folder: `tinygen generate model.tflite --board mps2-an386` makes one.",
        ],
    )
