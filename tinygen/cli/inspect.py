"""tinygen inspect."""

from __future__ import annotations

from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options
from tinygen.report import text


@click.command()
@options.model
@options.allow_float
@options.json_flag
def command(model: Path | None, allow_float: bool | None, as_json: bool) -> None:
    """Show a model's ops, tensors, MACs, weights and RAM, and what is unsupported and why.

    Exits with 3 when something is unsupported.
    """
    path = model or api.default_model(Path.cwd())
    report = api.inspect(path, allow_float=allow_float or api.allows_float(Path.cwd()))
    if as_json:
        click.echo(report.to_json(), nl=False)
    else:
        text.show(text.render_inspection(report))
    if not report.supported:
        raise click.exceptions.Exit(3)
