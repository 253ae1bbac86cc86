"""What a report says, whatever it is made into: text, Markdown, JSON, a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from gcfg2helm.enums import Backend
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.tables import Tables
from gcfg2helm.values.tree import find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gcfg2helm.conversion import Conversion
    from gcfg2helm.findings import Finding
    from gcfg2helm.gcfg import Document
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.plan.request import Request
    from gcfg2helm.proof.model import Proof
    from gcfg2helm.report.places import Written
    from gcfg2helm.runbook.files import Files
    from gcfg2helm.runbook.model import Step
    from gcfg2helm.values.tree import Path


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """Everything that a report says. `findings` are those that `--ignore` leaves, `failure` why nothing was converted.

    `default_backend` is the one that the chart has by default, where another is used here. `values` are the values files
    in Helm's order: name, text, whether all in it is secret. The texts hold secrets: only `report.sides` shows lines.
    `runbook` makes the steps, which few reports show.
    """

    plan: Plan
    proof: Proof
    findings: Sequence[Finding]
    sources: Sequence[str]
    connect: str
    failure: str = ""
    default_backend: str = ""
    documents: Sequence[tuple[str, Document]] = ()
    values: Sequence[tuple[str, str, bool]] = ()
    tables: Tables = field(default_factory=lambda: Tables({}))
    runbook: Callable[[], Sequence[Step]] = list

    @cached_property
    def steps(self) -> Sequence[Step]:
        """The steps of the migration in the order in which to do them."""
        return self.runbook()

    @cached_property
    def written(self) -> Sequence[Written]:
        """The values files with the lines of everything in them."""
        from gcfg2helm.report.places import Written

        return [Written(name, text, private=private) for name, text, private in self.values]

    def secret_paths(self) -> frozenset[Path]:
        """Return the paths of the values that hold whole secrets: all but those of which only a part left."""
        secret = (one for one in self.plan.decisions if one.outcome is Outcome.SECRET)
        return frozenset(one.path for one in secret if one.path and not one.variable)


def of_conversion(
    request: Request, done: Conversion, findings: Sequence[Finding], files: Files, failure: str = ""
) -> Report:
    """Return the report of a conversion."""

    def runbook() -> Sequence[Step]:
        from gcfg2helm.runbook import steps

        return steps.build(request, done, findings, files)

    connect = str(done.plan.connect or request.chart.app_version)
    values = [(files.values, done.values.text, False)]
    if done.secret_values:
        values.append((files.secret_values, done.secret_values.text, True))
    return _made(request, done.plan, done.proof, findings, values, connect, failure, runbook)


def of_proof(request: Request, plan: Plan, proof: Proof, values: Sequence[tuple[str, str]]) -> Report:
    """Return the report of a verification: `plan` is that of the sources, `values` name and text of the values files."""
    files = [(name, text, False) for name, text in values]
    return _made(request, plan, proof, proof.findings, files, request.chart.app_version)


def _made(
    request: Request, plan: Plan, proof: Proof, findings: Sequence[Finding], values: Sequence[tuple[str, str, bool]],
    connect: str, failure: str = "", runbook: Callable[[], Sequence[Step]] = list,
) -> Report:  # fmt: skip
    sources = [file for file, _ in request.sources]
    return Report(
        plan, proof, findings, sources, connect, failure, _default_backend(request), request.sources, values,
        request.tables, runbook,
    )  # fmt: skip


def _default_backend(request: Request) -> str:
    """Return the back end that the chart has by default, where it is another one than the request's."""
    on = find(request.chart.defaults, ("backends", "kubernetes", "enabled")) is True
    default = Backend.KUBERNETES if on else Backend.LAUNCHER
    return "" if default is request.backend else default.value
