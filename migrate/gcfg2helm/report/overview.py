"""What a person reads first of a conversion: verdict and sums, what to settle in which order, what changed, what is next."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gcfg2helm.enums import Prefer
from gcfg2helm.findings import Asks, Level
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.proof.model import Status, Verdict
from gcfg2helm.report import agenda, table
from gcfg2helm.report.text import paint, wrapped
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.decisions import Decision, Plan
    from gcfg2helm.proof.model import Proof
    from gcfg2helm.report.agenda import Item
    from gcfg2helm.report.model import Report

LEVELS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "cyan"}
_HUES = {Verdict.PROVEN: "green", Verdict.BUT_FOR: "yellow", Verdict.NOT_PROVEN: "red"}
HEADINGS = {Asks.BLOCKS: "Blocks start", Asks.DECIDE: "Decide", Asks.KNOW: "Know"}
_ASKED = {
    Asks.BLOCKS: ("blocks the start", "block the start"),
    Asks.DECIDE: ("to decide",) * 2,
    Asks.KNOW: ("to know",) * 2,
}
WORDS = {
    Outcome.CARRIED: "carried",
    Outcome.SECRET: "secret",
    Outcome.MOVED: "moved",
    Outcome.CHART: "set by the chart",
    Outcome.RENAMED: "renamed",
    Outcome.SUPERSEDED: "superseded",
    Outcome.DROPPED: "dropped",
}
# In the order in which a person should look at them.
_TOLD = (
    Outcome.DROPPED, Outcome.MOVED, Outcome.RENAMED, Outcome.SECRET, Outcome.CHART, Outcome.SUPERSEDED, Outcome.CARRIED,
)  # fmt: skip
_BESIDES = {Status.CHART: "that the chart writes", Status.KEPT: "of its defaults", Status.OWN: "of values.yaml"}
_MOST_BLOCKING = 5  # of the lines that the end repeats
_MOST_LINES = 1_000  # of one item: nobody reads more of it on a terminal


def render(report: Report, shown: Sequence[Finding], width: int, *, colour: bool, every: bool = False) -> Iterator[str]:
    """Yield the audit: head, findings, what became of the settings; with `every` all of them, as a table."""
    yield from head(report, shown, width, colour=colour)
    if shown:
        yield ""
    yield from finding_lines(shown, width, colour=colour, main=report.sources[0])
    if every:
        yield ""
        yield from table.render(report.plan, width, colour=colour).splitlines()
    else:
        yield from decision_lines(report.plan, width, colour=colour)


def brief(report: Report, shown: Sequence[Finding], width: int, *, colour: bool) -> Iterator[str]:
    """Yield the findings and the sums alone (`--quiet`)."""
    yield from finding_lines(shown, width, colour=colour, main=report.sources[0])
    yield ""
    yield accounting(report.plan)


# sums ------------------------------------------------------------------------------------------------------------------


def accounting(plan: Plan) -> str:
    """Return the line that adds up: `142 settings: 118 carried, 6 secret, 9 moved`."""
    counts = plan.counts()
    total = sum(counts.values())
    parts = ", ".join(f"{counts[outcome]} {word}" for outcome, word in WORDS.items() if counts[outcome])
    return f"{total} setting{'' if total == 1 else 's'}" + (f": {parts}" if parts else "")


def proof_line(proof: Proof) -> str:
    """Return the sum of the comparison in the unit of `accounting`: the server's settings, then what comes besides."""
    total, different = sum(proof.totals.values()), proof.totals.get(Status.DIFFERENT, 0)
    if not total and not proof.more:
        return "nothing was compared"
    besides = ", ".join(
        f"{number} {_BESIDES.get(status, status.value)}" for status, number in proof.more.items() if number
    )
    wrong = f" ({different} different)" if different else ""
    return f"{total - different} of {total} accounted for{wrong}" + (f"; besides: {besides}" if besides else "")


def finding_count(findings: Sequence[Finding], hidden: int = 0) -> str:
    """Return the sum of the findings: `2 block the start, 5 to decide, 9 to know`; `hidden` of them are not shown."""
    counts = agenda.counts(findings)
    parts = [f"{number} {_ASKED[asks][number != 1]}" for asks, number in counts.items() if number]
    if not parts:
        return "no findings"
    return ", ".join(parts) + (f" ({hidden} not shown: -v)" if hidden else "")


def verdict(proof: Proof) -> str:
    """Return the answer in one line, the same in every command; with what keeps the pod from starting."""
    blocked = len(proof.blocks)
    start = f", but does not start: {blocked} finding{'s' * (blocked != 1)} to settle" if blocked else ""
    match proof.verdict:
        case Verdict.PROVEN:
            return f"proven: the pod reads what the server read{start}"
        case Verdict.BUT_FOR:
            named = "the warnings of the proof name each"
            return f"proven but for {len(proof.doubts)}: {named}{start.replace(', but', '; the pod')}"
        case Verdict.NOT_PROVEN:
            errors = sum(one.level is Level.ERROR for one in proof.findings)
            why = proof.unjudged or (f"{errors} error{'s' * (errors != 1)} of the proof" if errors else "")
            return (f"not proven: {why}" if why else "not proven") + start.replace(", but", "; the pod")


def hue(proof: Proof) -> str:
    """Return the verdict's colour: never green where the pod does not start."""
    if proof.blocks and proof.verdict is Verdict.PROVEN:
        return _HUES[Verdict.BUT_FOR]
    return _HUES[proof.verdict]


# for a terminal ----------------------------------------------------------------------------------------------------------


def head(report: Report, shown: Sequence[Finding], width: int, *, colour: bool) -> Iterator[str]:
    """Yield what everything is made for, the verdict and the sums."""
    plan = report.plan
    other = f"; the chart's own default is {report.default_backend}" if report.default_backend else ""
    target = f"chart {plan.chart} with Connect {report.connect}, back end {plan.backend.value}{other}"
    yield from _indented(f"{write.visible(report.sources[0])}: {target}", width)
    yield from _verdict(report, width, colour=colour)
    yield from _indented(accounting(plan), width)
    yield from _indented(f"proof: {proof_line(report.proof)}", width)
    yield from _indented(finding_count(report.findings, len(report.findings) - len(shown)), width)


def merging(name: str, prefer: Prefer, width: int) -> list[str]:
    """Return what is said first where a values file is there already: that it is kept, and which side wins."""
    name = write.visible(name)
    gcfg = "Under `config` the gcfg wins (--prefer values: the file), elsewhere the file."
    wins = "Where the gcfg differs, the file wins." if prefer is Prefer.VALUES else gcfg
    what = f"{name} exists, and the changes are merged into it: every other line stays."
    return _indented(f"{what} {wins} -o FILE writes another file.", width)


def following(report: Report, output: str, width: int, *, asks: bool) -> list[str]:
    """Return what to do once the files are written, before the next command; nothing where nothing is open."""
    if all(one.asks is Asks.KNOW for one in report.findings):
        return []
    options = "by options (--interactive asks for them)" if asks else "by options"
    return _indented(f"Answer what is open in {write.visible(output)} or {options}, and convert again.", width)


def _verdict(report: Report, width: int, *, colour: bool) -> Iterator[str]:
    for line in _indented(verdict(report.proof), width):
        yield paint(line, hue(report.proof), on=colour)


def _indented(line: str, width: int) -> list[str]:
    """Return a line, the rest of a long one indented."""
    return textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def finding_lines(findings: Sequence[Finding], width: int, *, colour: bool, main: str = "") -> Iterator[str]:
    """Yield the findings under what they ask, the same ones once with all their places, what to do below them.

    Places in the file `main` are without its name.
    """
    asks: Asks | None = None
    for item in agenda.agenda(findings):
        if item.asks is not asks:
            if asks is not None:
                yield ""
            asks = item.asks
            number = agenda.counts(findings)[asks]
            yield paint(f"{HEADINGS[asks]} ({number})", "bold", on=colour)
        yield from _item_lines(item, width, main, colour=colour)


def _item_lines(item: Item, width: int, main: str, *, colour: bool) -> Iterator[str]:
    label = f"{item.level} {item.code}"
    for line in item.lines[:_MOST_LINES]:
        place = f"{agenda.where(line.places, main)}: " if line.places else ""
        start = f"  {write.visible(place)}"
        yield from wrapped(
            f"{start}{paint(label, LEVELS[item.level], on=colour)}: ", write.visible(line.what), width,
            len(f"{start}{label}: "),
        )  # fmt: skip
    if len(item.lines) > _MOST_LINES:
        yield f"  ... and {len(item.lines) - _MOST_LINES:,} more {item.code}; --report FILE lists them all"
    if item.todo:
        yield from wrapped("    -> ", write.visible(item.todo), width, 7)
    yield from (f"       {write.visible(command.text)}" for command in item.commands)


def decision_lines(plan: Plan, width: int, *, colour: bool) -> Iterator[str]:
    """Yield what became of the settings that do not go over as they are, with the reason; the others as a number."""
    told: dict[Outcome, dict[tuple[str, str], list[Decision]]] = {}
    as_they_are = 0
    for one in plan.decisions:
        if one.outcome is Outcome.CARRIED and not table.changed(one, plan):
            as_they_are += 1
            continue
        where = "" if one.outcome in (Outcome.DROPPED, Outcome.SUPERSEDED, Outcome.CHART) else table.target(one)
        told.setdefault(one.outcome, {}).setdefault((where, table.why(one, plan)), []).append(one)
    for outcome in _TOLD:
        if groups := told.get(outcome):
            yield ""
            number = sum(map(len, groups.values()))
            word = "Carried with another value" if outcome is Outcome.CARRIED else WORDS[outcome].capitalize()
            yield paint(f"{word} ({number})", "bold", on=colour)
            for (where, why), found in groups.items():
                yield from _decision(found, where, why, plan, width)
    if as_they_are:
        yield ""
        yield f"{as_they_are} carried as {'it is' if as_they_are == 1 else 'they are'} (check --all lists them)"


def _decision(found: Sequence[Decision], where: str, why: str, plan: Plan, width: int) -> Iterator[str]:
    main = plan.decisions[0].at.file
    places = agenda.where([one.at.place for one in found], main)
    names = ", ".join(dict.fromkeys(one.key for one in found))
    target = f" -> {where}" if where else ""
    yield from wrapped(f"  {write.visible(places)}: ", write.visible(f"{names}{target}: {why}"), width, len(places) + 4)


def closing(report: Report, following: str, width: int, *, colour: bool) -> Iterator[str]:
    """Yield the last lines: the verdict, what keeps the pod from starting, how much is open, the next command."""
    yield ""
    yield from _verdict(report, width, colour=colour)
    blocking = [one for one in agenda.agenda(report.findings) if one.asks is Asks.BLOCKS]
    for item in blocking[:_MOST_BLOCKING]:
        yield from wrapped("  ", f"{item.code}: {write.visible(item.lines[0].what)}", width, 2)
    if len(blocking) > _MOST_BLOCKING:
        yield f"  ... and {len(blocking) - _MOST_BLOCKING} more"
    asking = [one for one in report.findings if one.asks is not Asks.KNOW]
    yield f"open: {finding_count(asking) if asking else 'nothing'}"
    if following:
        yield f"next: {following}"
