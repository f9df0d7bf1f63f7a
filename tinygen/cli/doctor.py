"""tinygen doctor."""

from __future__ import annotations

import click

from tinygen import api
from tinygen.report import text


@click.command()
def command() -> None:
    """Show what is installed and works, what is missing, and the exact command to get it.

    Exits with 5 when something that firmware needs is missing.
    """
    checks = api.doctor()
    text.show(text.render_checks(checks))
    if any(check.needed and not check.works for check in checks):
        raise click.exceptions.Exit(5)
