"""The page of an upgrade: the values files of today and of then side by side, what became of each value, the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Asks
from gcfg2helm.masked import Secret
from gcfg2helm.report import agenda, entries, page, sides, upgrade
from gcfg2helm.report.page import Figure, Page, listed, noun
from gcfg2helm.report.panes import Link, Pane, Part, Row, heads, kind, parts, prefix
from gcfg2helm.report.places import Spot, Written
from gcfg2helm.upgrade.model import Status
from gcfg2helm.values import write
from gcfg2helm.values.tree import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gcfg2helm.report.places import Way
    from gcfg2helm.upgrade.model import Row as Setting
    from gcfg2helm.values.tree import Path

KEPT, CHANGED, MOVED, REMOVED, ADDED = "kept", "changed", "moved", "removed", "added"
_NONE: frozenset[Way] = frozenset()


def render(report: upgrade.Report, when: datetime) -> str:
    """Return the page; `when` it was made."""
    done = report.upgrade
    request = done.request
    made = _Sides(report)
    left = [*made.left(), _rendered("today", done.proof.rows)]
    right = [*made.right(), _rendered("then", done.proof.rows)]
    words, _, meaning = upgrade.verdict(done).partition(": ")
    rows = [row for pane in left for part in pane.parts for row in (*([part.head] if part.head else []), *part.rows)]
    counts = {word: sum(row.decision == word for row in rows) for word in (KEPT, CHANGED, MOVED, REMOVED)}
    told = Page(
        title=f"{', '.join(done.files)}: {upgrade.title(report)}",
        facts=[
            ("Source", ", ".join(done.files)),
            ("Chart", f"rstudio-connect {request.old.version} to {request.new.version}"),
            ("Connect", f"{request.old.app_version} to {request.new.app_version}"),
            ("Back end", done.backend.value if done.backend else "none"),
            ("Release", request.release),
            ("Namespace", request.namespace),
        ],
        verdict=(page.KINDS[done.proof.verdict], words, meaning),
        failure="",
        figures=_figures(report),
        findings=report.findings,
        entries=entries.entries(report.findings, made.spots, made.sides),
        names=("The values today", "The values after the upgrade"),
        left=left,
        right=right,
        decisions=[(word, number) for word, number in counts.items() if number],
        steps=report.steps,
    )
    return page.render(told, when)


def _figures(report: upgrade.Report) -> list[Figure]:
    done, asked = report.upgrade, agenda.counts(report.findings)
    rows = done.proof.rows
    secret = sum(isinstance(row.before, Secret) for row in rows)
    open_ = asked[Asks.BLOCKS] + asked[Asks.DECIDE]
    changed = sum(text != done.files[name].text for name, text in report.before)
    statuses = ((number, status.value) for status, number in done.proof.counts().items())
    accounted = sum(row.status is not Status.DIFFERENT for row in rows)
    return [
        Figure(f"{len(rows):,}", noun(len(rows), "setting"), listed(statuses)),
        Figure(str(open_), noun(open_, "open question"), page.asked(asked)),
        Figure(str(secret), noun(secret, "secret"), "read by Connect today" if secret else "none in the configuration"),
        Figure(str(len(done.files)), noun(len(done.files), "file"), f"{changed} changed"),
        Figure(
            f"{accounted:,} of {len(rows):,}" if rows else "0",
            "accounted for",
            "of what Connect reads today" if rows else "nothing was compared",
        ),
    ]


# how a setting of the rendered file fares, as lines of values do
_WORDS = {
    Status.SAME: KEPT,
    Status.RENAMED: MOVED,
    Status.CHART: CHANGED,
    Status.DEFAULT: CHANGED,
    Status.GONE: REMOVED,
    Status.DIFFERENT: CHANGED,
}


def _rendered(side: str, rows: Sequence[Setting]) -> Pane:
    """Return what Connect reads on one side, by section; what only the other side has, has no line here."""
    found: dict[str, list[Row]] = {}
    for number, one in enumerate(rows, 1):
        text, other = (one.before, one.after) if side == "today" else (one.after, one.before)
        if text is None:
            continue
        section, _, name = one.setting.rpartition(".")
        opposite = "then" if side == "today" else "today"
        lights = f"{opposite}:{number}-{number}" if other is not None else ""
        word = _WORDS[one.status] if other is not None else REMOVED if side == "today" else ADDED
        line = write.visible(f"{name} = {text}")
        why = one.reason or ("" if one.status is Status.SAME else f"{one.status.value.capitalize()}.")
        found.setdefault(section, []).append(Row(f"{side}-{number}", number, line, "entry", word, lights, (), why))
    made = [
        Part(Row(f"{side}-head-{number}", 0, f"[{write.visible(section)}]", ""), lines, section, len(lines))
        for number, (section, lines) in enumerate(found.items(), 1)
    ]
    when = "today" if side == "today" else "after the upgrade"
    return Pane(f"rstudio-connect.gcfg {when}", made, sum(map(len, found.values())))


class _Sides:
    """The lines of both sides, and what leads from one to the other."""

    def __init__(self, report: upgrade.Report) -> None:
        self.report = report
        self.tables = report.upgrade.request.tables
        self.old = [Written(name, text) for name, text in report.before]
        self.new = [Written(name, one.text) for name, one in report.upgrade.files.items()]
        self.sides = {file.name: prefix("line", number) for number, file in enumerate(self.old)}
        self.sides |= {
            f"{file.name} after the upgrade": prefix("values", number) for number, file in enumerate(self.new)
        }
        self.reasons = {row.path: row.reason for row in report.upgrade.proof.rows if row.path and row.reason}
        self.back: dict[tuple[int, int], dict[str, str]] = {}

    def spots(self, path: Path) -> Sequence[Spot]:
        """Return where a path is then, else where it is today."""
        then = [spot._replace(file=f"{file.name} after the upgrade") for file in self.new if (spot := file.spot(path))]
        return then or [spot for file in self.old if (spot := file.spot(path))]

    def left(self) -> Iterator[Pane]:
        """Yield the files of today; what they lead to is known behind it."""
        for number, file in enumerate(self.old):
            found: dict[int, Row] = {}
            for way in _leaves(file):
                spot = file.spot(way)
                if spot is not None and spot.first not in found:
                    found[spot.first] = self._row(number, file, way, spot.first)
            lines = sides.values_lines(file, self.tables, _NONE)
            rows = [
                found[line]._replace(text=text)
                if line in found
                else Row(f"{prefix('line', number)}-{line}", line, text, kind(text, "#"))
                for line, text in enumerate(lines[:-1] if lines[-1] == "" else lines, 1)
            ]
            yield Pane(f"{file.name} today", list(parts(rows, heads(file))), len(rows))

    def _row(self, number: int, file: Written, way: Way, line: int) -> Row:
        here = f"{prefix('line', number)}-{line}"
        path = tuple(key for key in way if isinstance(key, str))
        target = self._target(number, way)
        word, where, lights = REMOVED, [], ""
        if target is not None:
            at, to, spot = target
            value, now = file.nodes[way][1].value, self.new[at].nodes[to][1].value
            word = MOVED if to != way or at != number else KEPT if same(value, now) else CHANGED
            side = prefix("values", at)
            lines = str(spot.first) if spot.first == spot.last else f"{spot.first}-{spot.last}"
            where = [Link(f"{side}-{spot.first}", lines if at == number else f"{spot.file}:{lines}")]
            lights = f"{side}:{spot.first}-{spot.last}"
            for one in range(spot.first, spot.last + 1):
                self.back.setdefault((at, one), {})[f"{prefix('line', number)}:{line}-{line}"] = word
        marks = {
            Link(f"finding-{one.code}", one.code, str(one.level)): None
            for one in self.report.findings
            if (one.path and path[: len(one.path)] == tuple(one.path))
            or (one.place and one.place[:2] == (file.name, line))
        }
        why = self.reasons.get(path, "") or ("" if word == KEPT else _told(self.report, path))
        return Row(here, line, "", "entry", word, lights, where, why, "", list(marks))

    def _target(self, number: int, way: Way) -> tuple[int, Way, Spot] | None:
        """Return file, way and lines of what a value of today is then; None where it is gone."""
        ways = [way]
        for origin, to in self.report.upgrade.moved.items():
            if way[: len(origin)] == origin:
                ways += [(*to, *way[len(origin) :]), to]
        order = [number, *(one for one in range(len(self.new)) if one != number)]
        for one in ways:
            for at in order:
                found = _resolved(self.new[at], one)
                if found is not None and (spot := self.new[at].spot(found)):
                    return at, found, spot
        return None

    def right(self) -> Iterator[Pane]:
        """Yield the files of then; call it behind `left`."""
        for number, file in enumerate(self.new):
            new = {spot.first for way in _leaves(file) if (spot := file.spot(way))}
            lines = sides.values_lines(file, self.tables, _NONE)
            rows = []
            for line, text in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
                back = self.back.get((number, line), {})
                word = next(iter(back.values()), ADDED if line in new else "")
                look = "todo" if "TODO(gcfg2helm)" in text else "entry" if word else kind(text, "#") or "own"
                rows.append(Row(f"{prefix('values', number)}-{line}", line, text, look, word, " ".join(back)))
            yield Pane(f"{file.name} then", list(parts(rows, heads(file))), len(rows))


def _leaves(file: Written) -> Iterator[Way]:
    """Yield the ways to values that hold no others."""
    return (way for way, (_, node) in file.nodes.items() if not node.children)


def _resolved(file: Written, way: Way) -> Way | None:
    """Return a way in a file, a part such as `[name]` as the item of that name; None where nothing is there."""
    found: Way = ()
    for part in way:
        step = part
        if isinstance(part, str) and part.startswith("[") and part.endswith("]"):
            named = (
                one[-1] for one, item in file.items(found) if isinstance(item, dict) and item.get("name") == part[1:-1]
            )
            step = next(named, part)
        found = (*found, step)
        if found not in file.nodes:
            return None
    return found


def _told(report: upgrade.Report, path: Path) -> str:
    """Return what a finding says of a value, or of what holds it."""
    found = [one for one in report.findings if one.path and path[: len(one.path)] == tuple(one.path)]
    return max(found, key=lambda one: len(one.path)).what if found else ""
