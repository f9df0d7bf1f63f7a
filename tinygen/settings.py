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
    """

    models: tuple[tuple[Path, str | None], ...]
    board: Board
    config: ProjectConfig
    folder: Path | None

    def single(self) -> tuple[Path, str | None]:
        """The only model.

        Raises:
            UsageError: where there are several.
        """
        if len(self.models) > 1:
            raise UsageError(
                "This command takes one model, and the project has several.",
                why=[", ".join(str(path) for path, _ in self.models)],
                hints=["Name one of them: it is built with the others and run by itself."],
            )
        return self.models[0]

    def recorded(self, folder: Path) -> ProjectConfig:
        """The configuration that a tinygen.toml in `folder` should hold."""
        entries = tuple(ModelEntry(path=_relative(path, folder), name=name) for path, name in self.models)
        return self.config.overridden(board=self.board.id, models=entries)


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
        raise UsageError(
            "This command takes one model, and the project has several.",
            why=[", ".join(map(str, paths))],
            hints=["Name one of them."],
        )
    return paths[0]


def settle(
    here: Path,
    models: Sequence[Path] = (),
    board: str | None = None,
    folder: Path | None = None,
    **options: object,
) -> Settings:
    """Merge the command line with the tinygen.toml of `here`.

    Args:
        here: the current folder.
        models: from the command line; those of tinygen.toml where there are none.
        board: from the command line.
        folder: from the command line; `here` where models come from its tinygen.toml.
        options: other fields of ProjectConfig and of its test table; None where not given.

    Raises:
        UsageError: when there is no model or no board, or an option makes no sense.
        FitError: when the board's file is wrong.
    """
    config = load(here)
    named = board or config.board
    known = {
        path.resolve(): entry.name
        for path, entry in zip(config.model_paths(here), config.models, strict=True)
    }
    if models:
        settled = tuple((path, known.get(path.resolve())) for path in models)
        inside = {path.resolve() for path in models} <= set(known)
    else:
        settled = tuple(
            (path, entry.name) for path, entry in zip(config.model_paths(here), config.models, strict=True)
        )
        inside = True
    if not settled:
        raise _no_model(here)
    if named is None:
        raise UsageError(
            "No board was named.",
            hints=[
                "Name one: --board mps2-an386 (an emulated Cortex-M4F) or --board host.",
                "`tinygen boards` lists them.",
            ],
        )
    return Settings(
        models=settled,
        board=boards.load(named),
        config=config.overridden(**options),
        folder=folder or (here if inside and known else None),
    )


def _no_model(here: Path) -> UsageError:
    return UsageError(
        "No model was named.",
        why=[f"There is no {FILE_NAME} with models in {here}."],
        hints=["Name a .tflite file: `tinygen test model.tflite --board mps2-an386`."],
    )
