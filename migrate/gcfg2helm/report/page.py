"""One page that needs nothing else: no request, a strict policy, readable without its script.

It is made of `page.html.j2`, `page.css` and `page.js` beside this module; what it says comes from a report.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import __version__
from gcfg2helm.findings import Asks, Level, codes
from gcfg2helm.proof.model import Verdict
from gcfg2helm.report import agenda, overview, table
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from jinja2 import Template
    from markupsafe import Markup

    from gcfg2helm.findings import Finding
    from gcfg2helm.report.entries import Entry
    from gcfg2helm.report.panes import Pane
    from gcfg2helm.runbook.model import Step

FOLDED = 5_000  # lines of one side, from which on its sections are closed
KINDS = {Verdict.PROVEN: "proven", Verdict.BUT_FOR: "but-for", Verdict.NOT_PROVEN: "not-proven"}


class Figure(NamedTuple):
    """A number at the top, what it counts, what there is to say of it."""

    number: str
    label: str
    note: str


class Page(NamedTuple):
    """Everything that a page says. `verdict` is its kind, its words, what they mean; `names` say what the two sides are.

    `decisions` are the words for what became of a line, each with the number of lines.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    verdict: tuple[str, str, str]
    failure: str
    figures: Sequence[Figure]
    findings: Sequence[Finding]
    entries: Sequence[Entry]
    names: tuple[str, str]
    left: Sequence[Pane]
    right: Sequence[Pane]
    decisions: Sequence[tuple[str, int]]
    steps: Sequence[Step]


def render(page: Page, when: datetime) -> str:
    """Return the page as text; `when` it was made."""
    numbers = agenda.counts(page.findings)
    counts = {level: sum(one.level is level for one in page.findings) for level in reversed(Level)}
    panes = (*page.left, *page.right)
    style, script = _part("page.css"), _part("page.js")
    told = {
        **page._asdict(),
        "groups": [
            (overview.HEADINGS[asks], numbers[asks], found)
            for asks in Asks
            if (found := [one for one in page.entries if codes()[one.code].asks is asks])
        ],
        "last": overview.HEADINGS[Asks.KNOW],
        "panes": (page.left, page.right),
        "folded": any(pane.lines > FOLDED for pane in panes),
        "most": FOLDED,
        "digits": len(str(max((pane.lines for pane in panes), default=0))),
        "unchanged": table.UNCHANGED,
        "levels": [(str(level), number) for level, number in counts.items() if number],
        "sections": list(dict.fromkeys(part.section for pane in page.left for part in pane.parts if part.section)),
    }
    return str(
        _template().render(
            **told,
            key=_key(told),
            when=when,
            day=f"{when.day} {when:%B %Y, %H:%M %Z}".rstrip(),
            program=f"gcfg2helm {__version__}",
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


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
    return hashlib.sha256(repr(page).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def asked(counts: Mapping[Asks, int]) -> str:
    """Return how much is open, by what it asks."""
    blocks = counts[Asks.BLOCKS]
    words = [(blocks, "blocks the start" if blocks == 1 else "block the start"), (counts[Asks.DECIDE], "to decide")]
    return listed(words) or "nothing is open"


def noun(number: int, word: str) -> str:
    """Return a word for so many things."""
    return word if number == 1 else f"{word}s"


def listed(parts: Iterable[tuple[int, str]]) -> str:
    """Return numbers with their words, without those that are zero."""
    return ", ".join(f"{number:,} {word}" for number, word in parts if number)
