"""The report as Markdown (GitHub's), for a merge request or a wiki. Whatever the gcfg holds shows as text."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from gcfg2helm.report import agenda, overview, table, text
from gcfg2helm.runbook import model
from gcfg2helm.values import diff, write
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.report.agenda import Item
    from gcfg2helm.report.model import Report
    from gcfg2helm.runbook.model import Step
    from gcfg2helm.values.diff import Change

_SPECIAL = re.compile(r"[\\*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z0-9]+;)|\A[#+-](?=\s)")
_FENCE = re.compile(r"`{3,}")


def prose(text: str) -> str:
    """Return text as a line of prose: what is between backticks is code, all else shows as it is."""
    text = write.visible(text)
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return "\\`".join(map(_escaped, parts))
    return "`".join(part.replace("|", "\\|") if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def code(text: str) -> str:
    """Return text as code in a line or in a cell of a table; nothing for nothing."""
    if not text:
        return ""
    text = write.visible(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks, blank = "`" * (longest + 1), " " if longest or text[0] == " " == text[-1] else ""
    return f"{marks}{blank}{text}{blank}{marks}"


def fence(language: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield lines as a block of code that none of them can end."""
    lines = [write.visible(line) for line in lines]
    longest = max((len(run) for line in lines for run in _FENCE.findall(line)), default=2)
    yield "`" * (longest + 1) + language
    yield from lines
    yield "`" * (longest + 1)


def render(report: Report) -> str:
    """Return the whole report."""
    return _joined(_report_lines(report))


def render_runbook(report: Report) -> str:
    """Return the runbook alone."""
    return _joined([f"# {_title(report)}", "", *_runbook_lines(report, 2)])


def render_changes(name: str, changes: Sequence[Change], *, differs: bool) -> str:
    """Return the changes of a values file; `differs` says whether its text changes, be it by comments only."""
    lines = [f"# {code(name)}", ""]
    if not changes:
        return _joined([*lines, "Only comments change." if differs else "No difference."])
    rows = [[change.sign, code(dotted(change.path)), _value(change.old), _value(change.new)] for change in changes]
    return _joined([*lines, f"{text.change_count(changes)}.", "", *table_lines(("", "Path", "Was", "Becomes"), rows)])


def _value(value: object) -> str:
    return "" if value is MISSING else code(diff.shown(value))


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _title(report: Report) -> str:
    return f"{code(report.sources[0])} in chart {report.plan.chart}"


def _report_lines(report: Report) -> Iterator[str]:
    yield f"# {_title(report)}"
    yield ""
    yield f"**{prose(overview.verdict(report.proof))}**"
    yield ""
    if report.failure:
        yield f"**The conversion failed:** {prose(report.failure)}"
        yield ""
    yield f"- {overview.accounting(report.plan)}"
    yield f"- Findings: {overview.finding_count(report.findings)}"
    yield f"- Proof: {overview.proof_line(report.proof)}"
    yield f"- Target: chart {report.plan.chart}, Connect {report.connect}, back end {report.plan.backend.value}"
    yield f"- Release {code(report.plan.release)} in namespace {code(report.plan.namespace)}"
    yield ""
    yield "## Findings"
    yield ""
    yield from finding_lines(report.findings, report.sources[0])
    yield "## Settings"
    yield ""
    several = len(report.sources) > 1
    for file, section, decisions in table.by_section(report.plan.decisions):
        yield f"### {code(f'[{section}]')}" + (f" in {code(file)}" if several else "")
        yield ""
        rows = [
            [
                str(one.at.entry.line),
                code(one.setting),
                one.outcome.value,
                code(table.target(one)),
                prose(table.why(one, report.plan)),
            ]
            for one in decisions
        ]
        yield from table_lines(("Line", "Setting", "Decision", "Target", "Why"), rows)
        yield ""
    yield "## Runbook"
    yield ""
    yield from _runbook_lines(report, 3)


def _runbook_lines(report: Report, level: int) -> Iterator[str]:
    yield f"{model.summary(report.steps)}."
    yield ""
    yield from step_lines(report.steps, level)


def finding_lines(findings: Sequence[Finding], main: str = "") -> Iterator[str]:
    """Yield the findings under what they ask, a table each: the same ones once with all their places, as on a terminal.

    Places in the file `main` come without its name.
    """
    if not findings:
        yield "None."
        yield ""
        return
    numbers = agenda.counts(findings)
    for asks, items in groupby(agenda.agenda(findings), key=lambda item: item.asks):
        yield f"### {overview.HEADINGS[asks]} ({numbers[asks]})"
        yield ""
        yield from table_lines(("Level", "Code", "What", "To do"), (_finding_cells(item, main) for item in items))
        yield ""


def _finding_cells(item: Item, main: str) -> list[str]:
    linked = f"[{item.code}]({item.link})" if item.link.startswith("https://") else item.code
    what = [
        f"{code(agenda.where(places, main))}: {prose(said)}" if places else prose(said) for said, places in item.lines
    ]
    todo = [prose(item.todo)] if item.todo else []
    todo += [code(command.text) for command in item.commands]
    return [str(item.level), linked, "<br>".join(what), "<br>".join(todo)]


def cell(text: str) -> str:
    """Return Markdown that can be a cell of a table."""
    return write.visible(text).replace("|", "\\|")


def table_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table of cells that are Markdown already."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def step_lines(steps: Sequence[Step], level: int) -> Iterator[str]:
    """Yield the steps as Markdown, each under a heading of that level."""
    for number, step in enumerate(steps, 1):
        yield f"{'#' * level} {number}. {prose(step.title)}"
        yield ""
        yield f"**{step.mark.value.capitalize()}.**"
        yield ""
        for note in step.notes:
            yield prose(note)
            yield ""
        if step.commands:
            yield from fence("sh", [line for command in step.commands for line in model.lines(command)])
            yield ""
