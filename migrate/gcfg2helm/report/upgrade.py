"""The report of an upgrade for people and machines: what Connect reads differently, the findings, the way there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gcfg2helm.findings import Level
from gcfg2helm.proof.model import Verdict
from gcfg2helm.report import json as data
from gcfg2helm.report import markdown, overview, steps, text
from gcfg2helm.runbook import model
from gcfg2helm.upgrade.model import Status
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.runbook.model import Step
    from gcfg2helm.upgrade.model import Row, Upgrade

_COLOURS = {Verdict.PROVEN: "green", Verdict.BUT_FOR: "yellow", Verdict.NOT_PROVEN: "red"}
_MOST_NAMED = 5  # settings in the verdict, before it counts the rest
_HUES = {Status.DIFFERENT: "red", Status.DEFAULT: "yellow", Status.GONE: "yellow"}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the report says; `findings` are those that `--ignore` leaves, `before` the files as they were."""

    upgrade: Upgrade
    findings: Sequence[Finding]
    steps: Sequence[Step] = ()
    before: Sequence[tuple[str, str]] = field(default=(), repr=False)


def title(report: Report) -> str:
    """Return what is upgraded, in a line: `chart 0.8.38 to 0.21.0, back end kubernetes`."""
    request, backend = report.upgrade.request, report.upgrade.backend
    return f"chart {request.old} to {request.new}, back end {backend.value if backend else 'none'}"


def verdict(upgrade: Upgrade) -> str:
    """Return the verdict in a sentence."""
    counts = upgrade.proof.counts()
    named = counts[Status.DEFAULT] + counts[Status.GONE]
    if upgrade.proof.unjudged:
        return f"not proven: {upgrade.proof.unjudged}"
    match upgrade.proof.verdict:
        case Verdict.PROVEN:
            return "proven: Connect reads what it reads today"
        case Verdict.BUT_FOR:
            return f"proven but for {named}: Connect reads what it reads today, except for {_named(upgrade)}"
        case _:
            return "not proven: the new chart does not render what Connect reads today"


def _named(upgrade: Upgrade) -> str:
    """Return the settings that differ and are named, the first of them."""
    names = [row.setting for row in upgrade.proof.rows if row.status in (Status.DEFAULT, Status.GONE)]
    first = [write.visible(name) for name in names[:_MOST_NAMED]]
    rest = [f"{len(names) - len(first)} more"] if len(names) > len(first) else []
    *others, last = [*first, *rest]
    return f"{', '.join(others)} and {last}" if others else last


def counted(upgrade: Upgrade) -> str:
    """Return the settings by what becomes of them, in a line."""
    if upgrade.proof.unjudged:
        return "nothing was compared"
    parts = [f"{number} {status.value}" for status, number in upgrade.proof.counts().items() if number]
    return f"{len(upgrade.proof.rows)} settings" + (f": {', '.join(parts)}" if parts else "")


def as_text(
    report: Report, width: int, *, colour: bool, runbook: bool = False, show_all: bool = False
) -> Iterator[str]:
    """Yield the lines for a terminal; with `runbook` the steps alone."""
    if runbook:
        yield model.summary(report.steps)
        yield from steps.lines(report.steps, width, colour=colour)
        return
    yield title(report)
    for row in _rows(report, show_all=show_all):
        yield ""
        yield f"{text.paint(row.status.value, _HUES.get(row.status, 'green'), on=colour)}  {write.visible(row.setting)}"
        for name, side in (("today", row.before), ("then", row.after)):
            shown = "-" if side is None else write.visible(str(side))
            yield f"  {name:6} {text.clipped(shown, max(width - 9, 20))}"
        if row.reason:
            yield from text.wrapped("  why    ", row.reason, width, 9)
    yield ""
    yield from overview.finding_lines(report.findings, width, colour=colour)
    if report.findings:
        yield ""
    yield counted(report.upgrade)
    yield text.paint(verdict(report.upgrade), _COLOURS[report.upgrade.proof.verdict], on=colour)
    yield overview.finding_count(report.findings)


def _rows(report: Report, *, show_all: bool) -> Sequence[Row]:
    hidden = () if show_all else (Status.SAME, Status.CHART)
    return [row for row in report.upgrade.proof.rows if row.status not in hidden]


def as_data(report: Report) -> dict[str, object]:
    """Return the report as plain data: every setting with its status, the findings, the steps; no value of a setting."""
    upgrade = report.upgrade
    return {
        **data.head("upgrade"),
        "files": list(upgrade.files),
        "from": {"chart": str(upgrade.request.old), "connect": upgrade.request.old.app_version},
        "to": {
            "chart": str(upgrade.request.new),
            "connect": upgrade.request.new.app_version,
            "backend": upgrade.backend.value if upgrade.backend else None,
            "release": upgrade.request.release,
            "namespace": upgrade.request.namespace,
        },
        "settings": [
            {
                "setting": row.setting,
                "status": row.status.value,
                "why": row.reason or None,
                "path": list(row.path),
            }
            for row in upgrade.proof.rows
        ],
        "levels": {str(level): sum(one.level is level for one in report.findings) for level in reversed(Level)},
        "findings": [data.finding(one) for one in data.in_order(report.findings)],
        "proof": {
            "verdict": upgrade.proof.verdict.value,
            "settings": {status.value: number for status, number in upgrade.proof.counts().items()},
        },
        "runbook": [data.step(one) for one in report.steps],
    }


def as_markdown(report: Report, *, runbook: bool = False) -> str:
    """Return the report as Markdown; with `runbook` the steps alone."""
    names = ", ".join(markdown.code(name) for name in report.upgrade.files)
    lines = [f"# {names}: {title(report)}", ""]
    if not runbook:
        lines += [f"**{verdict(report.upgrade)}**", "", f"{counted(report.upgrade)}.", ""]
        rows = [
            [
                row.status.value,
                markdown.code(row.setting),
                _side(row.before),
                _side(row.after),
                markdown.prose(row.reason),
            ]
            for row in _rows(report, show_all=False)
        ]
        if rows:
            lines += [*markdown.table_lines(("Status", "Setting", "Today", "Then", "Why"), rows), ""]
        if report.findings:
            lines += ["## Findings", "", *markdown.finding_lines(report.findings)]
    if report.steps:
        lines += ["## Steps", "", *markdown.step_lines(report.steps, 3)]
    return "\n".join(lines).rstrip() + "\n"


def _side(value: object) -> str:
    return "" if value is None else markdown.code(str(value))
