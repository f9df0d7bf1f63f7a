"""tinygen vectors."""

from __future__ import annotations

from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options


@click.command()
@options.model
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), metavar="F.npz", help="File to write."
)
@click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    metavar="F.npz",
    help="Inputs to use instead of random ones, in an .npz or .npy file; real values are quantized.",
)
@click.option(
    "--samples",
    type=click.IntRange(1, options.MAX_SAMPLES),
    default=8,
    show_default=True,
    metavar="N",
    help="Random inputs to make.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the random inputs.",
)
@options.allow_float
def command(
    model: Path | None,
    output: Path,
    inputs: Path | None,
    samples: int,
    seed: int,
    allow_float: bool | None,
) -> None:
    """Write golden vectors: inputs, and what TensorFlow Lite Micro computes for them.

    `tinygen test --vectors` compares with them where the oracle cannot be installed.
    """
    path = model or api.default_model(Path.cwd())
    allowed = allow_float or api.allows_float(Path.cwd())
    origin = api.vectors(path, output, samples=samples, seed=seed, inputs=inputs, allow_float=allowed)
    click.echo(f"{output}: computed by {origin}")
