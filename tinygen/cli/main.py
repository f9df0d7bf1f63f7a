"""The `tinygen` command: finds the subcommand, prints errors, sets the exit code."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import signal
import sys
from types import FrameType, MappingProxyType

import click

from tinygen import __version__
from tinygen.errors import TinygenError

COMMANDS = MappingProxyType(
    {
        "inspect": "Show a model: ops, MACs, weights, RAM, and what is unsupported.",
        "generate": "Write the PlatformIO project of one or more models.",
        "build": "Write the project and build the firmware.",
        "test": "Build and run the firmware, and prove it bit-exact.",
        "run": "Build and run the firmware, and print its outputs.",
        "vectors": "Write golden vectors, for machines without the oracle.",
        "boards": "List the boards.",
        "ops": "Print the supported operators with their rules.",
        "doctor": "Show what is installed, what is missing, and how to get it.",
    }
)
"""The subcommands in the order in which people need them, each with a line for the list of commands."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command for one that does not exist."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near and not args[0].startswith("-"):
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {near[0]!r}?", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """As click's; what a user can cause ends in a message and an exit code."""
        try:
            return super().invoke(ctx)
        except TinygenError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            ctx.exit(_no_reader())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tinygen", message="%(prog)s %(version)s")
def cli() -> None:
    """Compile a quantized TensorFlow Lite model to firmware and prove it exact, bit for bit.

    A .tflite file goes in; a small C library, a PlatformIO project around it and the proof that the firmware
    computes exactly what TensorFlow Lite Micro computes come out.

    \b
    Start with:
      tinygen inspect model.tflite
      tinygen test model.tflite --board mps2-an386

    In a project folder, one with a tinygen.toml, MODEL and the options may be left out.

    Exit codes: 0 done, 1 not bit-exact, 2 wrong usage, 3 model not supported or damaged, 4 does not fit the
    board, 5 a tool is missing or failed, 6 out of time.
    """  # noqa: D301  # click takes \b as the mark of a paragraph that keeps its lines


def _end(number: int, frame: FrameType | None) -> None:
    # An exception, not the end of the process: emulators and builds are ended on the way out.
    del frame
    sys.exit(128 + number)


def _no_reader() -> int:
    """Give what is still to be printed to nobody, since nobody reads any more; the exit code for that."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + 13  # as if SIGPIPE had ended it, which Python ignores


def main() -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names of layers may have what a terminal cannot show
    try:
        code = cli(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        sys.exit(_no_reader())
