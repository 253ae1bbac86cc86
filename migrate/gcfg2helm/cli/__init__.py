"""The command line: the only package that prints, asks, exits and touches the disk."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from gcfg2helm import __version__
from gcfg2helm.cli import convert, talk, verify

app = typer.Typer(
    name="gcfg2helm",
    help="Move a Posit Connect server's rstudio-connect.gcfg into the values.yaml of the rstudio-connect Helm chart,"
    " and prove that nothing was lost.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(convert.convert)
app.command()(convert.diff)
app.command()(verify.verify)


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
        sys.stderr.write(f"Nothing was written. Please report these lines to {talk.ISSUES}; they hold no values.\n")
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
