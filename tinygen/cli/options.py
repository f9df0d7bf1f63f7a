"""Arguments and options that several commands share, and what they become."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tinygen import api

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_SAMPLES = 10_000
"""Inferences of one command."""

_LONGEST = 86_400.0
"""Seconds; beyond a day nobody waits, and infinity is no time at all."""


def _kernel_sets(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise click.BadParameter("a name is missing.", context, parameter)
    return names


def _seconds(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not 0 < value <= _LONGEST:
        raise click.BadParameter(f"{value:g} is not above 0 and at most {_LONGEST:g}.", context, parameter)
    return value


def models(command: Command) -> Command:
    """MODEL…: one or more .tflite files; those of tinygen.toml where none is given."""
    return click.argument("models", nargs=-1, type=click.Path(path_type=Path), metavar="[MODEL]...")(command)


def model(command: Command) -> Command:
    """MODEL: one .tflite file; that of tinygen.toml where none is given."""
    return click.argument("model", required=False, type=click.Path(path_type=Path))(command)


def allow_float(command: Command) -> Command:
    """--allow-float: compile models that are float32 throughout."""
    return click.option(
        "--allow-float",
        is_flag=True,
        default=None,
        help="Accept a model that is float32 throughout; int8 needs a quarter of the flash for weights.",
    )(command)


def board(command: Command) -> Command:
    """--board and what else decides the generated code."""
    for option in (
        allow_float,
        click.option(
            "--strict-kernels",
            is_flag=True,
            default=None,
            help="Refuse to fall back to portable kernels where --kernels names others.",
        ),
        click.option(
            "--kernels",
            callback=_kernel_sets,
            metavar="auto|SET,…",
            help="Kernel sets that may be used; portable is always the last resort.  [default: auto]",
        ),
        click.option("--board", "-b", metavar="B", help="Board id (see `tinygen boards`) or a board file."),
    ):
        command = option(command)
    return command


def folder(text: str) -> Callable[[Command], Command]:
    """-o DIR: where the project goes."""
    return click.option("--output", "-o", "folder", type=click.Path(path_type=Path), metavar="DIR", help=text)


def force(command: Command) -> Command:
    """--force: overwrite what was edited by hand."""
    return click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand.")(
        command
    )


def samples(command: Command) -> Command:
    """Which emulator runs which inputs."""
    for option in (
        click.option(
            "--timeout",
            type=float,
            callback=_seconds,
            default=120.0,
            show_default=True,
            metavar="S",
            help="Seconds that each inference may take.",
        ),
        click.option(
            "--seed", type=click.IntRange(0), metavar="N", help="Seed of the random inputs.  [default: 0]"
        ),
        click.option(
            "--samples",
            type=click.IntRange(1, MAX_SAMPLES),
            metavar="N",
            help="Random inputs to run.  [default: 8]",
        ),
        click.option(
            "--outputs",
            type=click.Path(path_type=Path),
            metavar="F.npz",
            help="Write inputs and outputs, as in<k> and out<k> stacked over samples.",
        ),
        click.option(
            "--inputs",
            type=click.Path(path_type=Path),
            metavar="F.npz",
            help="Inputs to run instead of random ones, in an .npz or .npy file; real values are quantized.",
        ),
        click.option(
            "--emulator",
            type=click.Choice(["auto", "host", "qemu"]),
            help="What runs the firmware.  [default: auto]",
        ),
    ):
        command = option(command)
    return command


def json_flag(command: Command) -> Command:
    """--json: one JSON object instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(
        command
    )


def warn(lines: tuple[str, ...]) -> None:
    """Prints warnings where they do not disturb JSON."""
    for line in lines:
        click.echo(f"Warning: {line}", err=True)


def require_writable(*targets: str | None) -> None:
    """Refuses reports that could not be written, before any work is done."""
    files = [target for target in targets if target is not None]
    if len(set(files)) < len(files):
        raise click.UsageError(f"Two reports cannot go to the same place, {files[0]}.")
    for file in files:
        api.require_writable(None if file == "-" else Path(file))


def write_text(target: str, text: str) -> None:
    """Writes `text` to a file, or to standard output for "-"."""
    if target == "-":
        sys.stdout.write(text)
    else:
        api.write_text(Path(target), text)
