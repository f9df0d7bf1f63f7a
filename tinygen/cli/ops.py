"""tinygen ops."""

from __future__ import annotations

import click

from tinygen import api


@click.command()
def command() -> None:
    """Print the supported operators with their rules and kernel sets, as Markdown."""
    click.echo(api.supported_ops(), nl=False)
