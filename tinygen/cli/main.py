"""The `tinygen` command: finds the subcommand, prints errors, sets the exit code."""

from __future__ import annotations

import importlib
import sys

import click

from tinygen import __version__
from tinygen.errors import TinygenError

COMMANDS = ("inspect", "generate", "build", "test", "run", "vectors", "boards", "ops", "doctor")


class Commands(click.Group):
    """Loads a subcommand's module only when it is called, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tinygen.cli.{cmd_name}")
        command: click.Command = module.command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tinygen")
def cli() -> None:
    """Compile a quantized TensorFlow Lite model to firmware, and prove it bit-exact.

    A .tflite file goes in; a small C library, a PlatformIO project around it and the proof that the firmware
    computes exactly what TensorFlow Lite Micro computes come out.

    \b
    Start with:
      tinygen inspect model.tflite
      tinygen test model.tflite --board mps2-an386

    Inside a project folder, one with a tinygen.toml, MODEL and the options may be left out.
    """  # noqa: D301  # click takes \b as the mark of a paragraph that keeps its lines


def main() -> None:
    """Entry point of the console script."""
    try:
        sys.exit(cli(standalone_mode=False))
    except TinygenError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
