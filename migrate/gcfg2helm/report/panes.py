"""The two sides of the page as rows: each line with its decision, its findings and the lines that it leads to."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.plan import secrets
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.report import sides, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.gcfg import Document
    from gcfg2helm.plan.decisions import Decision, Plan
    from gcfg2helm.report.places import Map, Spot, Written
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path


_CAPTION = 8  # lines of comments that a section can have as its caption: they show while it is closed


class Link(NamedTuple):
    """A link within the page: the id of its target, its text."""

    to: str
    text: str
    kind: str = ""


class Row(NamedTuple):
    """One line. `lights` are the lines of the other side, as `values:20-24`, that belong to it."""

    id: str
    number: int
    text: str
    kind: str
    decision: str = ""
    lights: str = ""
    where: Sequence[Link] = ()
    why: str = ""
    link: str = ""
    marks: Sequence[Link] = ()
    about: str = ""


class Part(NamedTuple):
    """Lines that belong together, under the line that begins them (None: nothing does)."""

    head: Row | None
    rows: Sequence[Row]
    section: str = ""
    entries: int = 0


class Pane(NamedTuple):
    """A file: its name and its parts."""

    name: str
    parts: Sequence[Part]
    lines: int


def prefix(side: str, number: int) -> str:
    """Return what the ids of a file's lines begin with: `line`, and `line-2` in the second file."""
    return side if number == 0 else f"{side}-{number + 1}"


class Panes:
    """Makes the panes of a report; `marks` are the findings of a line, by file and line."""

    def __init__(
        self,
        plan: Plan,
        sources: Sequence[tuple[str, Document]],
        files: Sequence[Written],
        ways: Map,
        tables: Tables,
        marks: Mapping[tuple[str, int], Sequence[Link]],
    ) -> None:
        self.plan = plan
        self.sources = sources
        self.files = files
        self.tables = tables
        self.marks = marks
        self._side = {name: prefix("line", number) for number, (name, _) in enumerate(sources)}
        self._other = {file.name: prefix("values", number) for number, file in enumerate(files)}
        self._ways = ways
        self._spots = [ways.spots(decision) for decision in plan.decisions]
        self._winners = {
            (one.section, one.setting.lower()): one for one in plan.decisions if one.outcome is not Outcome.SUPERSEDED
        }

    # the sources ------------------------------------------------------------------------------------------------------

    def left(self) -> Iterator[Pane]:
        """Yield the sources."""
        by_file: dict[str, list[tuple[Decision, list[Spot]]]] = {name: [] for name, _ in self.sources}
        for decision, spots in zip(self.plan.decisions, self._spots, strict=True):
            by_file[decision.at.file].append((decision, spots))
        for name, document in self.sources:
            found = by_file[name]
            lines = sides.source_lines(document.source, (one for one, _ in found), self.tables)
            if lines[-1] == "":
                lines.pop()
            entries = {one.at.entry.line: (one, spots) for one, spots in reversed(found)}
            heads = {one.line: secrets.redacted(gcfg.header(one.section, one.subsection)) for one in document.headers}
            rows = [
                self._source_row(name, number, text, *entries.get(number, (None, ())))
                for number, text in _numbered(lines)
            ]
            yield Pane(
                name, list(parts(rows, {line: text for line, text in heads.items() if line not in entries})), len(rows)
            )

    def _source_row(self, file: str, number: int, text: str, decision: Decision | None, spots: Sequence[Spot]) -> Row:
        here = f"{self._side[file]}-{number}"
        if decision is None:
            return Row(here, number, text, kind(text, ";#"))
        where = [Link(f"{self._other[spot.file]}-{spot.first}", self._where(spot)) for spot in spots]
        why = table.why(decision, self.plan)
        if decision.outcome is Outcome.SUPERSEDED:
            where += self._winner(decision)
        lights = " ".join(f"{self._other[spot.file]}:{spot.first}-{spot.last}" for spot in spots)
        return Row(
            here, number, text, "entry", decision.outcome.value, lights, where,
            "" if why == table.UNCHANGED else why, *self._known(decision, self.marks.get((file, number), ())),
        )  # fmt: skip

    def _winner(self, decision: Decision) -> Iterator[Link]:
        """Yield the line that counts in place of a superseded one."""
        winner = self._winners.get((decision.section, decision.setting.lower()))
        if winner is not None:
            at = winner.at
            several = len(self.sources) > 1
            text = f"{PurePath(at.file).name}:{at.entry.line}" if several else f"line {at.entry.line}"
            yield Link(f"{self._side[at.file]}-{at.entry.line}", text)

    def _known(self, decision: Decision, marks: Sequence[Link]) -> tuple[str, Sequence[Link], str]:
        """Return the link to the documentation of a setting, the marks of its line, what it is for."""
        setting = self.tables.find(decision.at.entry.section, decision.at.entry.name)
        if setting is None:
            return "", marks, ""
        link = setting.link if setting.link.startswith("https://") and " " not in setting.link else ""
        return link, marks, setting.sentence

    def _where(self, spot: Spot) -> str:
        lines = str(spot.first) if spot.first == spot.last else f"{spot.first}-{spot.last}"
        if spot.file == self.files[0].name:
            return lines
        stem = PurePath(self.files[0].name).stem
        return f"{PurePath(spot.file).stem.removeprefix(f'{stem}.')}:{lines}"

    # the values -------------------------------------------------------------------------------------------------------

    def right(self, secret_paths: frozenset[Path]) -> Iterator[Pane]:
        """Yield the values files."""
        back: dict[tuple[str, int], dict[str, str]] = {}
        for decision, spots in zip(self.plan.decisions, self._spots, strict=True):
            line = decision.at.entry.line
            light = f"{self._side[decision.at.file]}:{line}-{line}"
            for spot in (*spots, *self._ways.above(decision)):
                for number in range(spot.first, spot.last + 1):
                    back.setdefault((spot.file, number), {})[light] = decision.outcome.value
        for place, file in enumerate(self.files):
            lines = sides.values_lines(file, self.tables, secret_paths, self._ways.spared(place))
            if lines[-1] == "":
                lines.pop()
            rows = [self._values_row(file.name, number, text, back) for number, text in _numbered(lines)]
            yield Pane(file.name, list(parts(rows, heads(file))), len(rows))

    def _values_row(self, file: str, number: int, text: str, back: Mapping[tuple[str, int], Mapping[str, str]]) -> Row:
        found = back.get((file, number), {})
        look = "todo" if "TODO(gcfg2helm)" in text else "entry" if found else kind(text, "#") or "own"
        decision = next(iter(found.values()), "")
        return Row(f"{self._other[file]}-{number}", number, text, look, decision, " ".join(found))


def _numbered(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    return enumerate(lines, 1)


def kind(text: str, signs: str) -> str:
    """Return what a line without a setting is: a comment, blank, or neither; `signs` begin a comment."""
    bare = text.strip()
    return "note" if bare[:1] and bare[0] in signs else "" if bare else "blank"


def heads(file: Written) -> dict[int, str]:
    """Return the lines where a part of a values file begins: top keys, and the sections of `config`."""
    ways = [way for way in file.nodes if len(way) == 1 or (len(way) == 2 and way[0] == "config")]
    return {spot.first: secrets.redacted(str(way[-1])) for way in ways if (spot := file.spot(way))}


def parts(rows: Sequence[Row], heads: Mapping[int, str]) -> Iterator[Part]:
    """Yield the rows in parts; a few comments right above the line that begins one come before it, on their own."""
    found: list[Row] = []
    head: Row | None = None
    for row in rows:
        if row.number not in heads:
            found.append(row)
            continue
        split = len(found)
        while split and found[split - 1].kind == "note":
            split -= 1
        split = split if len(found) - split <= _CAPTION else len(found)
        yield from _part(head, found[:split], heads)
        yield from _part(None, found[split:], heads)
        head, found = row, []
    yield from _part(head, found, heads)


def _part(head: Row | None, rows: Sequence[Row], heads: Mapping[int, str]) -> Iterator[Part]:
    if head is not None or rows:
        section = heads[head.number] if head else ""
        yield Part(head, rows, section, sum(one.kind == "entry" for one in rows))
