"""tinygen test."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tinygen import api
from tinygen.cli import options
from tinygen.cli.progress import progress
from tinygen.report import junit, text


@click.command()
@options.model
@options.board
@options.samples
@click.option(
    "--vectors",
    type=click.Path(path_type=Path),
    metavar="F.npz",
    help="Golden vectors to compare with, instead of an oracle (see `tinygen vectors`).",
)
@click.option(
    "--json",
    "json_target",
    metavar="FILE|-",
    help="Write the report as one JSON object, to a file or (-) to standard output.",
)
@click.option("--junit", "junit_target", metavar="FILE|-", help="Write the result as JUnit XML.")
@options.folder("Folder of the project.  [default: one in the user's cache, or here inside a project]")
def command(
    model: Path | None,
    board: str | None,
    folder: Path | None,
    inputs: Path | None,
    outputs: Path | None,
    vectors: Path | None,
    timeout: float,
    json_target: str | None,
    junit_target: str | None,
    **given: object,
) -> None:
    """Build the firmware, run it in an emulator and prove its outputs bit-exact.

    Exits with 0 only when every output of every sample equals what TensorFlow Lite Micro computes, or the
    vectors of --vectors; with 1 on a mismatch, and names the first layer that differs. Samples of a stateful
    model are successive calls after one reset.
    """
    options.require_writable(json_target, junit_target)
    settings = api.settle(Path.cwd(), [model] if model else [], board, folder, **given)
    with progress() as told:
        result = api.test(
            settings,
            inputs=inputs,
            vectors_file=vectors,
            outputs=outputs,
            timeout=timeout,
            progress=told,
        )
    options.warn(result.warnings)
    if json_target is not None:
        options.write_text(json_target, result.report.to_json())
    if junit_target is not None:
        options.write_text(junit_target, junit.junit_xml(result.report, result.comparison))
    if "-" not in (json_target, junit_target):
        text.show(text.render_verification(result.report))
    if not result.report.bit_exact:
        sys.exit(1)
