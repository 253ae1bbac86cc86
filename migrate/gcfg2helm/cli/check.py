"""The command `check`: the audit of a gcfg, and the runbook of its migration; nothing is written."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from gcfg2helm.cli import outputs, talk
from gcfg2helm.cli.convert import beside, converted
from gcfg2helm.cli.options import Gcfg, Settings, shared
from gcfg2helm.findings import Level


class Format(StrEnum):
    """How check prints: what all commands can, and the runbook as a script."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SHELL = "shell"


@shared
def check(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="[VALUES]", help="The values file that convert would write.")] = "values.yaml",
    output_format: Annotated[Format, typer.Option("--format", help="How to print the audit; shell: the runbook as a script for bash.")] = Format.TEXT,
    runbook: Annotated[bool, typer.Option("--runbook", help="Print the steps of the migration instead of the table.")] = False,
) -> None:  # fmt: skip
    """Show what becomes of every setting and what needs a person; exit 1 on findings of level error.

    \b
    Examples:
      gcfg2helm check /etc/rstudio-connect/rstudio-connect.gcfg
      gcfg2helm check rstudio-connect.gcfg --runbook
      gcfg2helm check rstudio-connect.gcfg --runbook --format shell > migrate.sh
      gcfg2helm check rstudio-connect.gcfg --format json > report.json
    """
    with talk.errors():
        from gcfg2helm.cli.session import UsageError

        if runbook and output_format is Format.GITHUB:
            raise UsageError("--runbook has no format github")
        if output_format is Format.SHELL and not runbook:
            raise UsageError("--format shell needs --runbook")
        loaded, done, findings = converted(settings, gcfg, values)
        report = outputs.made(settings, loaded, done, findings, gcfg, values, beside)
        for part in _printed(report, output_format, runbook=runbook):
            sys.stdout.write(part)
        sys.stdout.flush()
        if settings.fails(findings, Level.ERROR):
            raise typer.Exit(1)


def _printed(report: Any, output_format: Format, *, runbook: bool) -> Iterator[str]:
    """Yield what goes to standard output; JSON holds the runbook in any case."""
    from gcfg2helm.report import github, markdown
    from gcfg2helm.report import json as data
    from gcfg2helm.report import text as lines

    colour, width = talk.colour(sys.stdout), talk.width(sys.stdout)
    match output_format:
        case Format.JSON:
            yield data.dump(data.report(report))
        case Format.MARKDOWN:
            yield markdown.render_runbook(report) if runbook else markdown.render(report)
        case Format.GITHUB:
            yield github.annotations(report.findings)
            yield f"{lines.accounting(report.plan)}\n"
        case Format.SHELL:
            from gcfg2helm.report import shell

            plan = report.plan
            title = (
                f"Moves the server of {report.sources[0]} to the release {plan.release} in namespace {plan.namespace}"
            )
            yield shell.render(title, report.steps)
        case Format.TEXT if runbook:
            yield from outputs.steps(report, width, colour=colour)
        case _:
            yield from outputs.text(report, width, colour=colour)
