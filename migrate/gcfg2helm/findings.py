"""Findings: what a person should know or do, each with a stable code; the texts by code are in a table."""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from functools import cache
from typing import Any, NamedTuple

import gcfg2helm_mappings


class Level(IntEnum):
    """How much a finding weighs; compares, so that `--fail-on` is a comparison."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Asks(StrEnum):
    """What a finding asks of a person, the most urgent first."""

    BLOCKS = "blocks start"
    DECIDE = "decide"
    KNOW = "know"


class Where(StrEnum):
    """Where a command runs: where kubectl and helm are set up, or on the old server."""

    HERE = "here"
    SERVER = "server"


class Command(NamedTuple):
    """A command for bash, on one line or several, and where to run it.

    `into` is a command that runs here and takes what the other prints, wherever that ran; empty: nothing does.
    """

    text: str
    where: Where = Where.HERE
    into: str = ""

    @property
    def line(self) -> str:
        """The whole, for one machine: `text | into`."""
        return f"{self.text} | {self.into}" if self.into else self.text


class Place(NamedTuple):
    """A position in an input: file name as the user gave it, 1-based line and column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Finding(NamedTuple):
    """One thing to know. `what` says what happened, `todo` what to do next (empty: nothing to do).

    `commands` are those that do it, in order; reports print them below the prose, the runbook takes them from here.
    """

    code: str
    level: Level
    what: str
    todo: str = ""
    place: Place | None = None
    path: tuple[str, ...] = ()
    link: str = ""
    commands: tuple[Command, ...] = ()

    @property
    def asks(self) -> Asks:
        """What it asks of a person, as the table says."""
        return codes()[self.code].asks

    @property
    def turn(self) -> int:
        """When a person comes to it, among the findings that ask the same."""
        return codes()[self.code].turn


def in_turn(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings as a person comes to them: by what they ask, the gravest first, by their turn, as the input has them."""
    asks = list(Asks)
    return sorted(
        findings,
        key=lambda one: (asks.index(one.asks), -one.level, one.turn, one.place or ("", 0, 0), one.code),
    )


class InputError(Exception):
    """An input cannot be used at all; the message names it and says why."""


class Code(NamedTuple):
    """A row of the table of findings; `turn` says when a person comes to it, among those that ask the same."""

    code: str
    level: Level
    asks: Asks
    turn: int
    title: str
    text: str


@cache
def codes() -> dict[str, Code]:
    """Return every finding that the program can make, by code, from the table `findings.toml`.

    Raises KeyError or ValueError for a row that is no good; the table is part of the package, and tests read it.
    """
    rows = gcfg2helm_mappings.read("findings.toml")
    return {code: _code(code, row) for code, row in rows.items()}


def _code(code: str, row: dict[str, Any]) -> Code:
    asks = Asks(row["asks"])
    turn = row.get("turn", {Asks.BLOCKS: 0, Asks.DECIDE: 50, Asks.KNOW: 100}[asks])
    return Code(code, Level[row["level"].upper()], asks, turn, row["title"], row["text"])


def finding(
    code: str,
    what: str,
    todo: str = "",
    place: Place | None = None,
    path: tuple[str, ...] = (),
    link: str = "",
    commands: tuple[Command, ...] = (),
) -> Finding:
    """Make a finding; its level is the table's. Raises KeyError for a code that the table does not have."""
    return Finding(code, codes()[code].level, what, todo, place, path, link, commands)
