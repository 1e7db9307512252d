"""The command itself: finds the subcommand, and turns what happens into an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import IntEnum
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from weighbridge import __version__
from weighbridge.errors import WeighbridgeError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS = "weighbridge.commands"
EXTRA = "weighbridge[platform]"

HELP = """\
Tell what would run if a model were loaded, without loading it.

\b
Examples:
  weighbridge scan model.bin            one file
  weighbridge scan ./my-model           a directory, with everything in it
  weighbridge scan hf://org/name        a model on Hugging Face, without downloading it
  weighbridge scan *.pkl --format json  for another program
  weighbridge rules dangerous-call      what a rule means and what to do

\b
Exit status:
  0    nothing at or above --fail-on was found
  1    something was
  2    the scan could not be done (wrong usage, no such file)
  130  interrupted; what was done so far is reported
"""


class Status(IntEnum):
    """Exit statuses, as promised in the help."""

    PASSED = 0
    FAILED = 1
    NOT_DONE = 2
    INTERRUPTED = 130


class LazyGroup(click.Group):
    """Imports a subcommand only when it is used, so that ``--version`` stays quick."""

    _homes = {
        "bom": "weighbridge.cli.bom",
        "cache": "weighbridge.cli.cache",
        "db": "weighbridge.cli.db",
        "inventory": "weighbridge.cli.inventory",
        "policy": "weighbridge.cli.policy",
        "rules": "weighbridge.cli.rules",
        "scan": "weighbridge.cli.scan",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all subcommands, those of the platform too."""
        return sorted({*self._homes, *_further_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one subcommand."""
        if cmd_name in self._homes:
            command: click.Command = import_module(self._homes[cmd_name]).command
            return command
        further = _further_commands().get(cmd_name)
        return None if further is None else _loaded(further)


def _further_commands() -> dict[str, EntryPoint]:
    """Return the commands that other parts of the distribution bring, by name.

    The platform's are found this way, so that the command line never imports the platform.
    """
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=COMMANDS)}


def _loaded(point: EntryPoint) -> click.Command:
    """Return the command, or where its libraries are missing one that says what to install."""
    try:
        command: click.Command = point.load()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "weighbridge":
            raise
        return _missing(point.name)
    return command


def _missing(name: str) -> click.Command:
    help_text = f"Needs the platform: pip install '{EXTRA}'."

    def refuse() -> NoReturn:
        raise click.ClickException(f"'{name}' needs the platform. Install {EXTRA}")

    return click.Command(
        name,
        callback=refuse,
        help=help_text,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from weighbridge.formats.pickle.machine import COMPILED
    from weighbridge.rules.registry import RULES_VERSION

    machine = "compiled" if COMPILED else "not compiled (slower, with the same results)"
    click.echo(f"weighbridge {__version__}")
    click.echo(f"rules {RULES_VERSION}")
    click.echo(f"pickle machine {machine}")
    context.exit()


@click.group(cls=LazyGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions of program and rules, and whether the pickle machine is compiled.",
)
def command() -> None:
    """The whole command; its text is HELP."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        status = command.main(arguments, prog_name="weighbridge", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return Status.NOT_DONE
    except (KeyboardInterrupt, click.Abort):
        click.echo("weighbridge: interrupted", err=True)
        return Status.INTERRUPTED
    except WeighbridgeError as error:
        say(str(error))
        return Status.NOT_DONE
    except Exception as error:  # One of the two places: a user never sees a traceback.
        say(f"internal error ({type(error).__name__}); please report it")
        if "WEIGHBRIDGE_DEBUG" in os.environ:
            raise
        return Status.NOT_DONE
    return status if isinstance(status, int) else Status.PASSED


def say(message: str) -> None:
    """Print one line about what went wrong."""
    from weighbridge.text.escaping import visible

    click.echo(f"weighbridge: {visible(message)}", err=True)
