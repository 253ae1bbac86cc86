"""Findings: what a person should know or do, each with a stable code; the texts by code stand in a table."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from typing import NamedTuple


class Level(IntEnum):
    """How much a finding weighs; compares, so that `--fail-on` is a comparison."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Place(NamedTuple):
    """A position in an input: file name as the user gave it, 1-based line and column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Finding(NamedTuple):
    """One thing to know. `what` says what happened, `todo` what to do next (empty: nothing to do)."""

    code: str
    level: Level
    what: str
    todo: str = ""
    place: Place | None = None
    path: tuple[str, ...] = ()
    link: str = ""


class Code(NamedTuple):
    """A row of the table of findings."""

    code: str
    level: Level
    title: str
    text: str


_LEVEL = re.compile(r'^\[(G2H[0-9]{3})\]\nlevel = "(info|warning|error)"$', re.MULTILINE)


@cache
def codes() -> dict[str, Code]:
    """Return every finding that the program can make, by code, from the table `findings.toml`."""
    from gcfg2helm.rows import Problem, TablesError, package_folder, read_file

    problems: list[Problem] = []
    found: dict[str, Code] = {}
    for code, row in read_file(package_folder() / "findings.toml", problems).tables().items():
        level = {"info": Level.INFO, "warning": Level.WARNING, "error": Level.ERROR}.get(row.take("level", str, ""))
        if level is None:
            row.problem("level: none of info, warning, error")
        found[code] = Code(code, level or Level.ERROR, row.take("title", str, ""), row.take("text", str, ""))
        row.finish()
    if problems:
        raise TablesError(problems)
    return found


@cache
def _levels() -> dict[str, Level]:
    """Return the level of each code, without reading the texts: every run makes findings, few print what they mean."""
    from gcfg2helm.rows import package_folder

    text = (package_folder() / "findings.toml").read_text("utf-8")
    return {code: Level[level.upper()] for code, level in _LEVEL.findall(text)}


def finding(
    code: str, what: str, todo: str = "", place: Place | None = None, path: tuple[str, ...] = (), link: str = ""
) -> Finding:
    """Make a finding; its level is the table's. Raises KeyError for a code that the table does not have."""
    return Finding(code, _levels()[code], what, todo, place, path, link)
