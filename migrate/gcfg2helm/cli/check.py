"""The command `check`: the audit of a gcfg, and the runbook of its migration; nothing is written."""

import functools
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import reports, talk
from gcfg2helm.cli.convert import check_named, command_line, converted
from gcfg2helm.cli.options import Gcfg, Settings, shared
from gcfg2helm.findings import Level

if TYPE_CHECKING:
    from gcfg2helm.report.model import Report


class Format(StrEnum):
    """How check prints: what all commands can, the runbook as a script, all as one page."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SHELL = "shell"
    HTML = "html"


@shared
def check(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="[VALUES]", help="The values file that convert would write.")] = "values.yaml",
    output_format: Annotated[Format, typer.Option("--format", help="How to print the audit; shell: the runbook as a script for bash; html: one page.")] = Format.TEXT,
    every: Annotated[bool, typer.Option("--all", help="List every setting, those that are carried as they are too.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for `proven but for` too.")] = False,
    runbook: Annotated[bool, typer.Option("--runbook", help="Print the steps of the migration instead of the table.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as well: .html, .md, .json or .txt.")] = None,
) -> None:  # fmt: skip
    """Show what happens to every setting, and what you have to decide; exit 1 on findings of level error.

    \b
    Examples:
      gcfg2helm check /etc/rstudio-connect/rstudio-connect.gcfg
      gcfg2helm check rstudio-connect.gcfg --runbook
      gcfg2helm check rstudio-connect.gcfg --runbook --format shell > migrate.sh
      gcfg2helm check rstudio-connect.gcfg --format json > report.json
      gcfg2helm check rstudio-connect.gcfg --report migration.html
    """
    with talk.errors():
        from gcfg2helm.cli.session import UsageError

        if runbook and output_format in (Format.GITHUB, Format.HTML):
            raise UsageError(f"--runbook has no format {output_format.value}")
        if output_format is Format.SHELL and not runbook:
            raise UsageError("--format shell needs --runbook")
        if report is not None:
            reports.check(report, [gcfg, values, *settings.also, settings.env_file])
        if not settings.quiet or values != "values.yaml":
            check_named(values, compares=False)
        loaded, done, findings = converted(settings, gcfg, values)
        made = reports.made(settings, loaded, done, findings, gcfg, values)
        if report is not None:
            reports.write(report, made)
        following = command_line(settings, gcfg, values)
        for part in _printed(settings, made, output_format, following, runbook=runbook, every=every):
            shown = output_format in (Format.TEXT, Format.MARKDOWN)
            sys.stdout.write(talk.safe(part, sys.stdout) if shown else part)
        sys.stdout.flush()
        if settings.fails(findings, Level.ERROR) or done.proof.fails(strict=strict):
            raise typer.Exit(1)


def _printed(
    settings: Settings, report: "Report", output_format: Format, following: str, *, runbook: bool, every: bool
) -> Iterator[str]:
    """Yield what goes to standard output; JSON holds the runbook in any case."""
    from gcfg2helm.report import github, markdown, overview
    from gcfg2helm.report import json as data

    colour, width = talk.colour(sys.stdout), talk.width(sys.stdout)
    match output_format:
        case Format.JSON:
            yield data.dump(data.report(report))
        case Format.MARKDOWN:
            yield markdown.render_runbook(report) if runbook else markdown.render(report)
        case Format.HTML:
            yield reports.page(report)
        case Format.GITHUB:
            yield github.annotations(report.findings)
            yield f"{overview.accounting(report.plan)}\n"
        case Format.SHELL:
            from gcfg2helm.report import shell

            plan = report.plan
            title = (
                f"Moves the server of {report.sources[0]} to the release {plan.release} in namespace {plan.namespace}"
            )
            yield shell.render(title, report.steps)
        case Format.TEXT if runbook:
            yield from reports.steps(report, width, colour=colour)
        case _:
            shown = settings.shown(report.findings)
            lines = overview.brief if settings.quiet else functools.partial(overview.render, every=every)
            yield from (f"{line}\n" for line in lines(report, shown, width, colour=colour))
            following = "" if settings.quiet else following
            yield from (f"{line}\n" for line in overview.closing(report, following, width, colour=colour))
