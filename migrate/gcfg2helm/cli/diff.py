"""The command `diff`: the conversion that `convert` would write, compared with the values that are there."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import changes, reports, talk
from gcfg2helm.cli.convert import check_named, command_line, converted, show_closing, show_head
from gcfg2helm.cli.options import Gcfg, Settings, shared

if TYPE_CHECKING:
    from gcfg2helm.cli.session import Loaded
    from gcfg2helm.conversion import Conversion
    from gcfg2helm.tables import Tables


@shared
def diff(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="[VALUES]", help="The values file to compare with.")] = "values.yaml",
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for `proven but for`, and for a pod that does not start, too.")] = False,
    output_format: Annotated[talk.Format, typer.Option("--format", help="How to print the changes.")] = talk.Format.TEXT,
    unified: Annotated[bool, typer.Option("--unified", "-u", help="Show the change of the file itself, as `git diff` would.")] = False,
) -> None:  # fmt: skip
    """Show what convert would change in VALUES, and write nothing; exit 1 where there is a difference, or the result is not proven.

    \b
    Examples:
      gcfg2helm diff /etc/rstudio-connect/rstudio-connect.gcfg values.yaml
      gcfg2helm diff rstudio-connect.gcfg values.yaml --format json
    """
    with talk.errors():
        if unified and output_format is not talk.Format.TEXT:
            talk.fail("gcfg2helm: --unified is text; leave --format out", 2)
        check_named(values, compares=True)
        loaded, done, findings = converted(settings, gcfg, values)
        made = reports.made(settings, loaded, done, findings, gcfg, values)
        differs = (loaded.request.values or "") != done.values.text
        if output_format is talk.Format.TEXT:
            show_head(settings, made)
            _show_difference(settings, loaded, done, values, differs=differs, as_text=unified)
            show_closing(settings, made, command_line(settings, gcfg, values) if differs else "")
        else:
            _print_changes(done, loaded.request.tables, values, output_format, differs=differs)
        if differs or settings.fails(findings, None) or done.proof.fails(strict=strict):
            raise typer.Exit(1)


def _show_difference(
    settings: Settings, loaded: "Loaded", done: "Conversion", values: str, *, differs: bool, as_text: bool
) -> None:
    """Print the changes on standard output."""
    if not settings.quiet:
        talk.say("")
    tables = loaded.request.tables
    if not differs:
        if not settings.quiet:
            talk.say(f"{values}: no difference")
    elif as_text:
        before = loaded.request.values or ""
        sys.stdout.write(
            changes.unified(before, done.values.text, values, tables, done.plan.spared, colour=talk.colour(sys.stdout))
        )
    elif not changes.show(done.before, done.values.tree, tables, values, done.plan.spared, stream=sys.stdout):
        sys.stdout.write("  only comments change\n")
    sys.stdout.flush()


def _print_changes(
    done: "Conversion", tables: "Tables", values: str, output_format: talk.Format, *, differs: bool
) -> None:
    from gcfg2helm.report import json as data
    from gcfg2helm.report import markdown

    changed = changes.between(done.before, done.values.tree, tables, done.plan.spared)
    if output_format is talk.Format.JSON:
        sys.stdout.write(data.dump(data.diff(values, changed, differs=differs)))
    else:
        sys.stdout.write(markdown.render_changes(values, changed, differs=differs))
