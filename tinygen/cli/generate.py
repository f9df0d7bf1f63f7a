"""tinygen generate."""

from __future__ import annotations

from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options
from tinygen.cli.progress import progress


@click.command()
@options.models
@options.board
@options.folder("Folder of the project.  [default: ./MODEL-BOARD, or here inside a project]")
@options.force
def command(
    models: tuple[Path, ...], board: str | None, folder: Path | None, force: bool, **given: object
) -> None:
    """Write the PlatformIO project of one or more models, without building it.

    Only files that changed are written. Files that you edited are kept unless --force is given; src/ and
    tinygen.toml are yours and never touched.
    """
    settings = api.settle(Path.cwd(), models, board, folder, **given)
    with progress() as told:
        made = api.generate(settings, api.project_folder(settings), force=force, progress=told)
    options.warn(made.written.warnings)
    click.echo(
        f"{made.folder}: {len(made.written.written)} files written, {made.written.unchanged} up to date, "
        f"{len(made.written.removed)} removed"
    )
