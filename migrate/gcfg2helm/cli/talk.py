"""How the commands talk: lines on standard error, colours where a terminal has them, errors as exit codes."""

import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn, TextIO

import typer

if TYPE_CHECKING:
    from gcfg2helm.cli.atomic import WriteError


class Format(StrEnum):
    """How a command prints its result: `diff`, `explain`, `charts`; others have formats of their own besides."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours; NO_COLOR counts."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int:
    """Return the columns of a stream's terminal; 100 where it is none."""
    if not stream.isatty():
        return 100
    # Not shutil's: that asks the standard output that Python began with.
    columns = os.environ.get("COLUMNS", "")
    try:
        found = int(columns) if columns.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except OSError:
        found = 0
    return max(found or 100, 40)


def say(line: str) -> None:
    """Print a line of talk; what a name brings along that a terminal would obey is shown by its number."""
    sys.stderr.write(safe(line, sys.stderr) + "\n")


def safe(text: str, stream: TextIO) -> str:
    """Return text without control characters but line ends, tabs and, where the stream shows colours, those of colours."""
    from gcfg2helm.values.write import visible

    if text.isprintable():
        return text
    parts = re.split("(\x1b\\[[0-9;]*m|\n)", text) if colour(stream) else re.split("(\n)", text)
    return "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))


def fail(message: str, code: int) -> NoReturn:
    """Print a message and exit; what is not printable in it is shown by its number."""
    from gcfg2helm.values.write import visible

    for line in message.split("\n"):
        say(visible(line))
    raise typer.Exit(code)


@contextmanager
def errors() -> Iterator[None]:
    """Turn the errors of inputs and of the disk into messages and exit codes."""
    try:
        yield
    except KeyboardInterrupt:
        fail("\ngcfg2helm: stopped; nothing was written", 130)
    except Exception as error:
        said = _explained(error)
        if said is None:
            raise
        from gcfg2helm.cli import config

        blamed = config.said.blamed(str(error)) if config.said else ""
        fail(*((f"gcfg2helm: {blamed}", 3) if blamed else said))


def _explained(error: Exception) -> tuple[str, int] | None:
    """Return what to say of an error, and the exit code; None for a bug."""
    from gcfg2helm import gcfg
    from gcfg2helm.chart import helm
    from gcfg2helm.cli import atomic, session
    from gcfg2helm.findings import InputError
    from gcfg2helm.plan import scrub
    from gcfg2helm.tables import rows
    from gcfg2helm.values import read

    match error:
        case session.UsageError():
            return f"gcfg2helm: {error}", 2
        case gcfg.GcfgError():
            return error.format(scrub.source), 3
        case read.YamlError():
            return f"{error.file}:{error.line}:{error.column}: error: {error.message}", 3
        case InputError() | rows.TablesError() | helm.HelmError():
            return f"gcfg2helm: {error}", 3
        case atomic.WriteError():
            return unwritten(error), 4
    return None


def unwritten(error: "WriteError") -> str:
    """Return what is on the disk after an error: nothing new, or which files."""
    if not error.written:
        return f"gcfg2helm: nothing was written: {error}"
    return f"gcfg2helm: written: {', '.join(map(str, error.written))}; not written, and no file after it: {error}"


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[None]:
    """Say that work goes on where it takes over a second and somebody is watching."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(1.0, lambda: say(f"{what} ..."))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def confirm(names: Sequence[str]) -> None:
    """Ask whether to write these files; exit 4 where the answer is no, or nobody is there to ask; 130 on ^C."""
    from gcfg2helm.values.write import visible

    listed = visible(", ".join(names))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        fail(f"gcfg2helm: nothing was written to {listed}: no terminal to ask on; --yes writes without asking", 4)
    sys.stderr.write(f"Write {listed}? [y/N]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        say("")
    if answer.strip().lower() not in ("y", "yes"):
        fail("gcfg2helm: nothing was written", 4)
