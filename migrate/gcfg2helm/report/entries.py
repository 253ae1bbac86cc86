"""The findings as the page shows them: in the order of the agenda, those of one code as one entry with all their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import codes
from gcfg2helm.report import agenda
from gcfg2helm.report.panes import Link
from gcfg2helm.values.paths import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gcfg2helm.findings import Command, Finding
    from gcfg2helm.report.places import Spot
    from gcfg2helm.values.tree import Path

_PLACES = 12  # of a finding that show at once


class At(NamedTuple):
    """One place of an entry; what is said there alone."""

    link: Link | None
    what: str
    todo: str


class Entry(NamedTuple):
    """A finding with all its places; `what` and `todo` are said once where they are the same everywhere."""

    id: str
    code: str
    level: str
    title: str
    text: str
    what: str
    todo: str
    at: Sequence[At]
    more: Sequence[At]
    commands: Sequence[Command]
    links: Sequence[str]


def entries(
    findings: Sequence[Finding],
    spots: Callable[[Path], Sequence[Spot]],
    sides: Mapping[str, str],
) -> list[Entry]:
    """Return the entries; `spots` finds a path of the values, `sides` is what the ids of a file's lines begin with."""
    found: dict[str, list[Finding]] = {item.code: [] for item in agenda.agenda(findings)}
    for one in sorted(findings, key=lambda one: one.place or ("", 0, 0)):
        found[one.code].append(one)
    return [_entry(code, together, spots, sides) for code, together in found.items()]


def _entry(
    code: str, found: Sequence[Finding], spots: Callable[[Path], Sequence[Spot]], sides: Mapping[str, str]
) -> Entry:
    row = codes()[code]
    what, todo = (_common(part) for part in ([one.what for one in found], [one.todo for one in found]))
    told = (At(_link(one, spots, sides), "" if what else one.what, "" if todo else one.todo) for one in found)
    at = [one for one in dict.fromkeys(told) if one != At(None, "", "")]
    commands = list(dict.fromkeys(command for one in found for command in one.commands))
    links = list(dict.fromkeys(one.link for one in found if one.link.startswith("https://")))
    return Entry(
        f"finding-{code}", code, str(row.level), row.title, row.text, what, todo, at[:_PLACES], at[_PLACES:],
        commands, links,
    )  # fmt: skip


def _common(texts: Sequence[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ""


def _link(one: Finding, spots: Callable[[Path], Sequence[Spot]], sides: Mapping[str, str]) -> Link | None:
    """Return where a finding is: its line of a source, else the path in the values."""
    if one.place and one.place.line:
        side = sides.get(one.place.file)
        return Link(f"{side}-{one.place.line}" if side else "", f"{one.place.file}:{one.place.line}")
    if one.place:
        return Link("", one.place.file)
    if one.path:
        found = spots(one.path)
        return Link(f"{sides[found[0].file]}-{found[0].first}" if found else "", dotted(one.path))
    return None


def marks(findings: Sequence[Finding]) -> dict[tuple[str, int], list[Link]]:
    """Return the findings of each line, each code once."""
    found: dict[tuple[str, int], dict[Link, None]] = {}
    for one in sorted(findings, key=lambda one: -one.level):
        if one.place and one.place.line:
            link = Link(f"finding-{one.code}", one.code, str(one.level))
            found.setdefault((one.place.file, one.place.line), {})[link] = None
    return {at: list(links) for at, links in found.items()}
