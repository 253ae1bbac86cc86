"""The report as one page that needs nothing else: no request, a strict policy, readable without its script.

What it says comes from the report; the page is made of `page.html.j2`, `page.css` and `page.js` beside this module.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import __version__
from gcfg2helm.findings import Asks, Level, codes
from gcfg2helm.report import agenda, overview, table
from gcfg2helm.report.panes import Link, Panes, prefix
from gcfg2helm.report.places import Map, Spot
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted
from gcfg2helm.verify.model import Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from jinja2 import Template
    from markupsafe import Markup

    from gcfg2helm.findings import Command, Finding
    from gcfg2helm.report.json import Report

FOLDED = 5_000  # lines of one side, from which on its sections are closed
_PLACES = 12  # of a finding that show at once
_KINDS = {Verdict.PROVEN: "proven", Verdict.BUT_FOR: "but-for", Verdict.NOT_PROVEN: "not-proven"}


class Figure(NamedTuple):
    """A number at the top, what it counts, what there is to say of it."""

    number: str
    label: str
    note: str


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


def render(report: Report, when: datetime) -> str:
    """Return the page; `when` it was made."""
    written = report.written()
    ways = Map(report.plan, written)
    sides = {name: prefix("line", number) for number, (name, _) in enumerate(report.documents)}
    sides |= {file.name: prefix("values", number) for number, file in enumerate(written)}
    entries = _entries(report, ways, sides)
    asked = agenda.counts(report.findings)
    panes = Panes(report.plan, report.documents, written, ways, report.tables, _marks(report.findings))
    left, right = list(panes.left()), list(panes.right(report.secret_paths()))
    page: dict[str, object] = {
        "title": f"{' and '.join(report.sources)} in chart {report.plan.chart.version}",
        "facts": _facts(report),
        "verdict": _verdict(report),
        "failure": report.failure,
        "figures": _figures(report, asked),
        "groups": [
            (overview.HEADINGS[asks], asked[asks], found)
            for asks in Asks
            if (found := [one for one in entries if codes()[one.code].asks is asks])
        ],
        "last": overview.HEADINGS[Asks.KNOW],
        "panes": (left, right),
        "folded": any(pane.lines > FOLDED for pane in (*left, *right)),
        "most": FOLDED,
        "digits": len(str(max((pane.lines for pane in (*left, *right)), default=0))),
        "stands": table.AS_IT_STANDS,
        "decisions": [(outcome.value, number) for outcome, number in report.plan.counts().items() if number],
        "levels": [(str(level), number) for level in reversed(Level) if (number := _count(report.findings, level))],
        "sections": list(dict.fromkeys(part.section for pane in left for part in pane.parts if part.section)),
        "steps": report.steps,
    }
    return filled(page, when)


def filled(page: dict[str, object], when: datetime) -> str:
    """Return the page with what a report says of itself in it; `when` it was made."""
    style, script = _part("page.css"), _part("page.js")
    page |= {
        "when": when,
        "day": f"{when.day} {when:%B %Y, %H:%M %Z}".rstrip(),
        "program": f"gcfg2helm {__version__}",
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }
    page["key"] = _key(page)
    return str(_template().render(page))


@cache
def _part(name: str) -> str:
    return (files("gcfg2helm.report") / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["prose"] = _prose
    environment.filters["visible"] = write.visible
    environment.filters["visible_lines"] = lambda lines: "\n".join(map(write.visible, lines.split("\n")))
    return environment.from_string(_part("page.html.j2"))


def _prose(words: str) -> Markup:
    """Return a text whose parts between backticks are code, all of it escaped."""
    from markupsafe import Markup, escape

    parts = write.visible(words).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _hash(content: str) -> str:
    """Return what a Content-Security-Policy calls an inline script or style by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _key(page: Mapping[str, object]) -> str:
    """Return what tells this report from others, the time apart: ticks of the runbook are kept under it."""
    told = repr([value for name, value in page.items() if name not in ("when", "day", "program", "style", "script")])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# the head -------------------------------------------------------------------------------------------------------------


def _facts(report: Report) -> list[tuple[str, str]]:
    plan, default = report.plan, report.default_backend
    return [
        ("Source", ", ".join(report.sources)),
        ("Chart", f"rstudio-connect {plan.chart.version}"),
        ("Connect", report.connect),
        ("Back end", plan.backend.value + (f", the chart's own default is {default}" if default else "")),
        ("Release", plan.release),
        ("Namespace", plan.namespace),
    ]


def _verdict(report: Report) -> tuple[str, str, str]:
    """Return the kind of the verdict, its words, what they mean."""
    words, _, meaning = overview.verdict(report.proof, report.findings).partition(": ")
    return _KINDS[report.proof.verdict], words, meaning


def _figures(report: Report, asked: Mapping[Asks, int]) -> list[Figure]:
    plan, proof = report.plan, report.proof
    counts = plan.counts()
    open_ = asked[Asks.BLOCKS] + asked[Asks.DECIDE]
    inline = sum(one.code == "G2H503" for one in report.findings)
    kinds = [
        (len(plan.env_secrets), "in a Kubernetes Secret"),
        (len(plan.secret_edits), "in the second values file"),
        (inline, "in values.yaml"),
    ]
    secret = sum(number for number, _ in kinds)
    total = sum(proof.totals.values())
    different = proof.totals.get(Status.DIFFERENT, 0)
    return [
        Figure(f"{len(plan.decisions):,}", _noun(len(plan.decisions), "setting"), _listed((number, one.value) for one, number in counts.items())),
        Figure(
            str(open_),
            "needs a person" if open_ == 1 else "need a person",
            _listed([(asked[Asks.BLOCKS], "block the start" if asked[Asks.BLOCKS] > 1 else "blocks the start"), (asked[Asks.DECIDE], "to decide")]) or "nothing is open",
        ),
        Figure(str(secret), _noun(secret, "secret"), _listed(kinds) or "none in the configuration"),
        Figure(str(len(plan.mounts)), _noun(len(plan.mounts), "file"), "mounted into the pod" if plan.mounts else "none to bring along"),
        Figure(
            f"{total - different:,} of {total:,}" if total else "0",
            "accounted for",
            _listed([(different, "different"), (len(proof.doubts), _noun(len(proof.doubts), "doubt"))]) or "no doubts" if total else "nothing was compared",
        ),
    ]  # fmt: skip


def _noun(number: int, word: str) -> str:
    return word if number == 1 else f"{word}s"


def _listed(parts: Iterator[tuple[int, str]] | Sequence[tuple[int, str]]) -> str:
    return ", ".join(f"{number:,} {word}" for number, word in parts if number)


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(one.level is level for one in findings)


# findings -------------------------------------------------------------------------------------------------------------


def _entries(report: Report, ways: Map, sides: Mapping[str, str]) -> list[Entry]:
    """Return the findings in the order of the agenda, those of one code together with all their places."""
    found: dict[str, list[Finding]] = {item.code: [] for item in agenda.agenda(report.findings, report.steps)}
    for one in sorted(report.findings, key=lambda one: one.place or ("", 0, 0)):
        found[one.code].append(one)
    return [_entry(code, together, ways, sides) for code, together in found.items()]


def _entry(code: str, found: Sequence[Finding], ways: Map, sides: Mapping[str, str]) -> Entry:
    return entry(code, found, [_link(one, ways, sides) for one in found])


def entry(code: str, found: Sequence[Finding], at_links: Sequence[Link | None]) -> Entry:
    """Return the findings of one code as an entry of the page, each with the link to its place."""
    row = codes()[code]
    what, todo = (_common(part) for part in ([one.what for one in found], [one.todo for one in found]))
    pairs = zip(found, at_links, strict=True)
    told = (At(link, "" if what else one.what, "" if todo else one.todo) for one, link in pairs)
    at = [one for one in dict.fromkeys(told) if one != At(None, "", "")]
    commands = list(dict.fromkeys(command for one in found for command in one.commands))
    links = list(dict.fromkeys(one.link for one in found if one.link.startswith("https://")))
    return Entry(
        f"finding-{code}", code, str(row.level), row.title, row.text, what, todo, at[:_PLACES], at[_PLACES:],
        commands, links,
    )  # fmt: skip


def _common(texts: Sequence[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ""


def _link(one: Finding, ways: Map, sides: Mapping[str, str]) -> Link | None:
    """Return where a finding is: its line of a source, else the path in the values."""
    if one.place and one.place.line:
        side = sides.get(one.place.file)
        return Link(f"{side}-{one.place.line}" if side else "", f"{one.place.file}:{one.place.line}")
    if one.place:
        return Link("", one.place.file)
    if one.path:
        spots: list[Spot] = ways.path(one.path)
        return Link(f"{sides[spots[0].file]}-{spots[0].first}" if spots else "", dotted(one.path))
    return None


def _marks(findings: Sequence[Finding]) -> dict[tuple[str, int], list[Link]]:
    """Return the findings of each line, each code once."""
    marks: dict[tuple[str, int], dict[Link, None]] = {}
    for one in sorted(findings, key=lambda one: -one.level):
        if one.place and one.place.line:
            link = Link(f"finding-{one.code}", one.code, str(one.level))
            marks.setdefault((one.place.file, one.place.line), {})[link] = None
    return {at: list(links) for at, links in marks.items()}
