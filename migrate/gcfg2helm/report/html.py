"""The page of a conversion or a verification: gcfg and values side by side, findings, runbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Asks
from gcfg2helm.proof.model import Status, Verdict
from gcfg2helm.report import agenda, entries, overview, page
from gcfg2helm.report.page import Figure, Page, listed, noun
from gcfg2helm.report.panes import Panes, prefix
from gcfg2helm.report.places import Map

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gcfg2helm.report.model import Report


def render(report: Report, when: datetime) -> str:
    """Return the page; `when` it was made."""
    written = report.written
    ways = Map(report.plan, written)
    sides = {name: prefix("line", number) for number, (name, _) in enumerate(report.documents)}
    sides |= {file.name: prefix("values", number) for number, file in enumerate(written)}
    panes = Panes(report.plan, report.documents, written, ways, report.tables, entries.marks(report.findings))
    settle = report.proof.blocks and report.proof.verdict is Verdict.PROVEN  # not green: the pod does not start
    kind = page.KINDS[Verdict.BUT_FOR if settle else report.proof.verdict]
    words, _, meaning = overview.verdict(report.proof).partition(": ")
    told = Page(
        title=f"{' and '.join(report.sources)} in chart {report.plan.chart.version}",
        facts=_facts(report),
        verdict=(kind, words, meaning),
        failure=report.failure,
        figures=_figures(report, agenda.counts(report.findings)),
        findings=report.findings,
        entries=entries.entries(report.findings, ways.path, sides),
        names=("The gcfg", "The values"),
        left=list(panes.left()),
        right=list(panes.right(report.secret_paths())),
        decisions=[(outcome.value, number) for outcome, number in report.plan.counts().items() if number],
        steps=report.steps,
    )
    return page.render(told, when)


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
        Figure(f"{len(plan.decisions):,}", noun(len(plan.decisions), "setting"), listed((number, one.value) for one, number in counts.items())),
        Figure(
            str(open_),
            noun(open_, "open question"),
            page.asked(asked),
        ),
        Figure(str(secret), noun(secret, "secret"), listed(kinds) or "none in the configuration"),
        Figure(str(len(plan.mounts)), noun(len(plan.mounts), "file"), "mounted into the pod" if plan.mounts else "none to mount"),
        Figure(
            f"{total - different:,} of {total:,}" if total else "0",
            "accounted for",
            listed([(different, "different"), (len(proof.doubts), noun(len(proof.doubts), "doubt"))]) or "no doubts" if total else "nothing was compared",
        ),
    ]  # fmt: skip
