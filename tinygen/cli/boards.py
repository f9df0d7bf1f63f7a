"""tinygen boards."""

from __future__ import annotations

import click

from tinygen import api
from tinygen.cli import options
from tinygen.report import text


@click.command()
@options.json_flag
def command(as_json: bool) -> None:
    """List the boards: chip, core, memories, frameworks and emulators."""
    report = api.boards()
    if as_json:
        click.echo(report.to_json(), nl=False)
    else:
        text.show(text.render_boards(report))
