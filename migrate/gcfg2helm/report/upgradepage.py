"""The report of an upgrade as one page: the two renderings side by side, setting by setting, as Connect reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Asks, Finding, Level, codes
from gcfg2helm.report import html, overview, upgrade
from gcfg2helm.report.panes import Link, Pane, Part, Row
from gcfg2helm.upgrade.model import Status
from gcfg2helm.values.paths import dotted
from gcfg2helm.verify.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gcfg2helm.report.upgrade import Report
    from gcfg2helm.upgrade.model import Row as Setting

_KINDS = {Verdict.PROVEN: "proven", Verdict.BUT_FOR: "but-for", Verdict.NOT_PROVEN: "not-proven"}


def render(report: Report, when: datetime) -> str:
    """Return the page; `when` it was made."""
    done, request = report.upgrade, report.upgrade.request
    words, _, meaning = upgrade.verdict(done).partition(": ")
    rows = done.proof.rows
    panes = (_pane("today", rows), _pane("then", rows))
    by_code: dict[str, list[Finding]] = {}
    for one in report.findings:
        by_code.setdefault(one.code, []).append(one)
    asked = {asks: sum(one.asks is asks for one in report.findings) for asks in Asks}
    page: dict[str, object] = {
        "title": f"{', '.join(done.files)}: {upgrade.title(report)}",
        "facts": [
            ("Values", ", ".join(done.files)),
            ("Chart", f"rstudio-connect {request.old} to {request.new}"),
            ("Connect", f"{request.old.app_version} to {request.new.app_version}"),
            ("Back end", done.backend.value if done.backend else "none: content runs in the pod of Connect"),
            ("Release", request.release),
            ("Namespace", request.namespace),
        ],
        "verdict": (_KINDS[done.proof.verdict], words, meaning),
        "failure": "",
        "figures": _figures(report, asked),
        "groups": [
            (overview.HEADINGS[asks], asked[asks], found)
            for asks in Asks
            if (found := [_entry(code, several) for code, several in by_code.items() if codes()[code].asks is asks])
        ],
        "last": overview.HEADINGS[Asks.KNOW],
        "panes": ([panes[0]], [panes[1]]),
        "folded": False,
        "most": html.FOLDED,
        "digits": len(str(len(rows))),
        "stands": Status.SAME.value,
        "decisions": [(_class(status), number) for status, number in done.proof.counts().items() if number],
        "levels": [
            (str(level), number)
            for level in reversed(Level)
            if (number := sum(one.level is level for one in report.findings))
        ],
        "sections": list(dict.fromkeys(part.section for part in panes[0].parts)),
        "steps": report.steps,
    }
    return html.filled(page, when)


def _entry(code: str, found: Sequence[Finding]) -> html.Entry:
    return html.entry(code, found, [Link("", dotted(one.path)) if one.path else None for one in found])


def _figures(report: Report, asked: dict[Asks, int]) -> list[html.Figure]:
    counts = report.upgrade.proof.counts()
    open_ = asked[Asks.BLOCKS] + asked[Asks.DECIDE]
    changed = len(report.upgrade.proof.rows) - counts[Status.SAME]
    return [
        html.Figure(f"{len(report.upgrade.proof.rows):,}", "settings", f"{counts[Status.SAME]:,} as today"),
        html.Figure(str(open_), "needs a person" if open_ == 1 else "need a person", f"{asked[Asks.BLOCKS]} block the start"),
        html.Figure(f"{changed:,}", "differ", f"{counts[Status.DIFFERENT]} without a reason"),
    ]  # fmt: skip


def _class(status: Status) -> str:
    return status.value.replace(" ", "-")


def _pane(side: str, rows: Sequence[Setting]) -> Pane:
    """Return the settings of one side, by section; a setting of the other side alone has no line here."""
    parts: dict[str, list[Row]] = {}
    for number, one in enumerate(rows, 1):
        text = one.before if side == "today" else one.after
        section, _, name = one.setting.rpartition(".")
        if text is None:
            continue
        other = one.after if side == "today" else one.before
        lights = f"{'then' if side == 'today' else 'today'}:{number}-{number}" if other is not None else ""
        line = Row(f"{side}-{number}", number, f"{name} = {text}", "entry", _class(one.status), lights, (), one.reason)
        parts.setdefault(section, []).append(line)
    made = [
        Part(Row(f"{side}-head-{number}", 0, f"[{section}]", "header"), lines, section, len(lines))
        for number, (section, lines) in enumerate(parts.items(), 1)
    ]
    return Pane(f"rstudio-connect.gcfg {side}", made, sum(len(part.rows) for part in made))
