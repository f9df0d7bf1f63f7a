"""tinygen run."""

from __future__ import annotations

from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options
from tinygen.cli.progress import progress


@click.command()
@options.model
@options.board
@options.samples
@options.folder("Folder of the project.  [default: one in the user's cache, or here inside a project]")
def command(
    model: Path | None,
    board: str | None,
    folder: Path | None,
    inputs: Path | None,
    outputs: Path | None,
    timeout: float,
    **given: object,
) -> None:
    """Build the firmware, run it in an emulator and print its outputs; nothing is compared."""
    settings = api.settle(Path.cwd(), [model] if model else [], board, folder, **given)
    with progress() as told:
        result = api.run(settings, inputs=inputs, outputs=outputs, timeout=timeout, progress=told)
    options.warn(result.built.warnings)
    if outputs is not None:
        click.echo(f"{outputs}: {len(result.outputs)} samples")
        return
    for number, sample in enumerate(result.outputs):
        for position, array in enumerate(sample):
            values = " ".join(str(value) for value in array.reshape(-1)[:16])
            more = f" … ({array.size} values)" if array.size > 16 else ""
            click.echo(f"sample {number} out{position} {array.dtype}{list(array.shape)}: {values}{more}")
