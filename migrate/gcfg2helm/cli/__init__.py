"""The command line: the only package that prints, asks, exits and touches the disk."""

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn, Protocol, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from gcfg2helm import __version__

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from typer._click import Context  # typer has no public name for it

ISSUES = "the project's issue tracker"


class _Command(NamedTuple):
    """Where a command is: its module in this package, its function there, and what it is for in one line."""

    module: str
    function: str
    help: str


# Each module is loaded when its command runs, so that `--help` and `--version` answer at once.
COMMANDS = {
    "convert": _Command("convert", "convert", "Convert a gcfg into values.yaml: preview, proof, confirm, write."),
    "diff": _Command("diff", "diff", "Show what convert would change, and write nothing."),
    "check": _Command("check", "check", "Show what happens to every setting, and what you have to decide."),
    "verify": _Command("verify", "verify", "Prove that the pod will read what the server reads."),
    "explain": _Command("explain", "explain", "Print what is known of a setting, a section or a finding."),
    "upgrade": _Command("upgrade", "upgrade", "Update the values of an old chart to a new one, and prove the result."),
    "charts": _Command("charts", "charts", "List the known charts, or what changes between two."),
    "schema": _Command("schema", "schema", "Print a JSON Schema of the chart's values, for editors."),
    "off-host": _Command("offhost", "off_host", "Let a server outside Kubernetes run its content in the cluster."),
}


class _Formatter(Protocol):
    """What writes the help of a group."""

    def section(self, name: str) -> "AbstractContextManager[None]": ...
    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None: ...


def _loaded(name: str) -> TyperCommand:
    """Return a command, its module imported."""
    from importlib import import_module

    known = COMMANDS[name]
    function = getattr(import_module(f"gcfg2helm.cli.{known.module}"), known.function)
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command(name, cls=_Single, context_settings=_HELP)(function)
    return cast("TyperCommand", typer.main.get_command(single))


class _Commands(TyperGroup):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: object) -> list[str]:
        """Return the names of all commands, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        """Return the command, its module imported; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            self.commands = dict.fromkeys(COMMANDS, self)  # their names, for "did you mean"
            return None
        return _loaded(cmd_name)

    def format_commands(self, ctx: object, formatter: _Formatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, known.help) for name, known in COMMANDS.items()])


class _Single(TyperCommand):
    """A command whose options also come from `gcfg2helm.toml`, and whose help shows them by topic."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: object
    ) -> "Context":
        """Read what the repository's file says before the command line, which wins."""
        from gcfg2helm.cli import config, talk

        config.said = None
        if not any(os.path.exists(config.path_for(word)) for word in ("", *args)):  # noqa: PTH110 - any text may be a word
            return super().make_context(info_name, args, parent, **extra)
        look = super().make_context(info_name, list(args), parent, resilient_parsing=True)
        if "gcfg" in look.params:
            given = look.params["gcfg"] or ""
            single = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
            file = config.path_for(single) if isinstance(single, str) else None  # each of several reads its own
            if file is not None and file.exists():
                with talk.errors():
                    own = {str(one.name): one for one in self.params if isinstance(one, TyperOption)}
                    extra["default_map"] = config.read(file, own, option_names())
        answers = cast("config.Answers | None", extra.get("default_map"))
        try:
            made = super().make_context(info_name, args, parent, **extra)
        except typer.BadParameter as error:
            name = str(error.param.name) if error.param else ""
            if answers and error.ctx and _is_answer(error.ctx, name):
                talk.fail(f"gcfg2helm: {answers.blamed(f'--{config.key(name)}: {error.message}')}", 3)
            raise
        config.said = answers.only({name for name in answers if _is_answer(made, name)}) if answers else None
        return made

    def format_help(self, ctx: "Context", formatter: object) -> None:
        """Print the help with panels; rich is imported for nothing else."""
        from typer import rich_utils

        rich_utils.rich_format_help(obj=self, ctx=ctx, markup_mode="rich")


def _is_answer(ctx: "Context", name: str) -> bool:
    """Whether a value comes from the repository's file."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT_MAP"


def option_names() -> list[str]:
    """Return the names of all options of all commands, which a repository's file may answer."""
    parameters = (one for name in COMMANDS for one in _loaded(name).params)
    return sorted({str(one.name) for one in parameters if isinstance(one, TyperOption)})


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


def main() -> NoReturn:
    """Run the program; a bug prints where it happened, and not what the configuration holds."""
    open_streams()
    try:
        app()
    except BrokenPipeError:
        _quiet_end(0)
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    except _UnwrittenError as error:
        _unwritten(error)
    except Exception as error:  # noqa: BLE001 - the last resort
        import traceback

        places = "".join(traceback.format_tb(error.__traceback__))
        sys.stderr.write(f"gcfg2helm {__version__}: a bug: {type(error).__name__}\n{places}")
        sys.stderr.write(f"Nothing was written. Please report these lines to {ISSUES}; they hold no values.\n")
        leave(1)
    leave(0)


def leave(code: int) -> NoReturn:
    """End with everything written, and at once: to take all modules and objects apart first is a seventh of a conversion.

    A debugger, a profiler or a measurement of coverage gets its usual end.
    """
    _flushed()
    if sys.gettrace() is None and sys.getprofile() is None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def run(words: Sequence[str]) -> int:
    """Run a command line in this process, as the shell would; return its exit code."""
    try:
        typer.main.get_command(app)(list(words), standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def open_streams() -> None:
    """Make both streams UTF-8 whatever the locale says, and put something in the place of one that is closed."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the program ends
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stdout is None:
        sys.stdout = _Closed()
    elif isinstance(sys.stdout, io.TextIOWrapper):
        lines = sys.stdout.line_buffering
        sys.stdout = _Output(sys.stdout.detach(), encoding="utf-8", errors="strict", line_buffering=lines)


class _UnwrittenError(Exception):
    """Standard output takes no more; `str()` says why."""


class _Output(io.TextIOWrapper):
    """Standard output whose errors can be told from those of other files; a closed pipe stays what it is."""

    def write(self, text: str) -> int:
        """Write, or raise _UnwrittenError."""
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _UnwrittenError(error.strerror) from None

    def flush(self) -> None:
        """Flush, or raise _UnwrittenError."""
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _UnwrittenError(error.strerror) from None


class _Closed(io.TextIOBase):
    """Standard output that was closed before the start: whoever prints the product there must hear of it."""

    def write(self, text: str) -> int:
        """Raise _UnwrittenError."""
        raise _UnwrittenError(os.strerror(errno.EBADF))

    def isatty(self) -> bool:
        """Say that this is no terminal."""
        return False


def _flushed() -> None:
    """Write what is left for standard output, or say that it could not be written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _quiet_end(0)
    except _UnwrittenError as error:
        _unwritten(error)


def _unwritten(error: _UnwrittenError) -> NoReturn:
    """End where standard output takes no more: a full disk, a closed stream."""
    with suppress(OSError):
        sys.stderr.write(f"gcfg2helm: standard output: {str(error).lower()}\n")
    _quiet_end(4)


def _quiet_end(code: int) -> NoReturn:
    """End although nobody reads our output any more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
