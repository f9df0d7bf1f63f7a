"""tinygen build."""

from __future__ import annotations

from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options
from tinygen.cli.progress import progress
from tinygen.report import text


@click.command()
@options.models
@options.board
@options.folder("Folder of the project.  [default: ./MODEL-BOARD, or here inside a project]")
@options.force
@options.json_flag
def command(
    models: tuple[Path, ...],
    board: str | None,
    folder: Path | None,
    force: bool,
    as_json: bool,
    **given: object,
) -> None:
    """Write the PlatformIO project of one or more models and build it.

    Prints flash and RAM by kind and the path of the image.
    """
    settings = api.settle(Path.cwd(), models, board, folder, **given)
    with progress() as told:
        built = api.build(settings, api.project_folder(settings), force=force, progress=told)
    options.warn(built.warnings)
    if as_json:
        click.echo(built.report.to_json(), nl=False)
    else:
        text.show(text.render_build(built.report))
