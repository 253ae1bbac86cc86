"""The command line: the only package that prints, asks, exits and touches the disk."""

import os
import sys
from typing import Annotated, Any, NamedTuple, NoReturn, cast

import typer
from typer.core import TyperGroup

from gcfg2helm import __version__

ISSUES = "the project's issue tracker"


class _Command(NamedTuple):
    """Where a command is: its module in this package, its function there, and what it is for in one line."""

    module: str
    function: str
    help: str


# Each module is loaded when its command runs, so that `--help` and `--version` answer at once.
COMMANDS = {
    "convert": _Command("convert", "convert", "Convert a gcfg into values.yaml: preview, proof, confirm, write."),
    "diff": _Command("convert", "diff", "Show what convert would change, and write nothing."),
    "check": _Command("check", "check", "Show what becomes of every setting and what needs a person."),
    "verify": _Command("verify", "verify", "Prove that the pod will read what the server reads."),
    "explain": _Command("explain", "explain", "Print what is known of a setting, a section or a finding."),
    "off-host": _Command("offhost", "off_host", "Let a server outside Kubernetes run its content there."),
}


class _Commands(TyperGroup):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, its module imported; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            self.commands = cast("Any", dict.fromkeys(COMMANDS))  # for "did you mean"
            return None
        from importlib import import_module

        known = COMMANDS[cmd_name]
        function = getattr(import_module(f"gcfg2helm.cli.{known.module}"), known.function)
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(cmd_name, context_settings=_HELP)(function)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, known.help) for name, known in COMMANDS.items()])


_HELP = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    cls=_Commands,
    name="gcfg2helm",
    help="Move a Posit Connect server's rstudio-connect.gcfg into the values.yaml of the rstudio-connect Helm chart,"
    " and prove that nothing was lost.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)


def main() -> None:
    """Run the program; a bug prints where it happened, and not what the configuration holds."""
    try:
        app()
    except BrokenPipeError:
        _quiet_end(0)
    except Exception as error:  # noqa: BLE001 - the last resort
        import traceback

        places = "".join(traceback.format_tb(error.__traceback__))
        sys.stderr.write(f"gcfg2helm {__version__}: a bug: {type(error).__name__}\n{places}")
        sys.stderr.write(f"Nothing was written. Please report these lines to {ISSUES}; they hold no values.\n")
        raise SystemExit(1) from None


def _quiet_end(code: int) -> NoReturn:
    """End although nobody reads our output any more."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    raise SystemExit(code)


def _version(value: bool) -> None:  # noqa: FBT001 - a callback
    if value:
        sys.stdout.write(f"gcfg2helm {__version__}\n")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...
