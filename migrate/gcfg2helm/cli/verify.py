"""The command `verify`: the proof, for the values of a conversion or any others."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gcfg2helm.cli import reports, talk
from gcfg2helm.cli.options import Gcfg, Settings, shared

if TYPE_CHECKING:
    from gcfg2helm.cli.session import Loaded
    from gcfg2helm.proof.model import Proof


class Format(StrEnum):
    """How verify prints: as others do, and as annotations of GitHub Actions."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"


@shared
def verify(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="VALUES", help="The values file that Helm will get.")],
    more: Annotated[list[str], typer.Option("--values", "-f", metavar="FILE", help="Another values file, in Helm's order; repeatable.")] = [],  # noqa: B006
    show_all: Annotated[bool, typer.Option("--all", help="Show every setting, not only what differs.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for `proven but for`, and for a pod that does not start, too.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comparison as well: .html, .md, .json or .txt.")] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the comparison.")] = Format.TEXT,
) -> None:  # fmt: skip
    """Prove that the pod reads with VALUES what the server reads with GCFG; exit 1 where it does not.

    With --chart real Helm renders, else the built-in model of the chart.

    VALUES is compared with what convert would make of GCFG. Options such as --pvc, --image
    and --secrets shape that conversion; they change nothing in VALUES.

    \b
    Examples:
      gcfg2helm verify rstudio-connect.gcfg values.yaml
      gcfg2helm verify rstudio-connect.gcfg values.yaml --values values.secret-values.yaml
      gcfg2helm verify rstudio-connect.gcfg values.yaml --chart ./rstudio-connect-0.21.0.tgz
    """
    with talk.errors():
        if report is not None:
            reports.check(report, [gcfg, values, *more, *settings.also, settings.env_file])
        with talk.progress(f"Verifying {values}", quiet=settings.quiet):
            loaded, files, done = _verified(settings, gcfg, [values, *more])
        done = done.heard(settings.ignore)
        if report is not None:
            reports.write_proof(report, loaded, files, done, gcfg)
        _show(done, output_format, gcfg, show_all=show_all, quiet=settings.quiet)
        if settings.fails([*done.blocks, *done.findings], None) or done.fails(strict=strict):
            raise typer.Exit(1)


def _verified(settings: Settings, gcfg: str, names: list[str]) -> "tuple[Loaded, list[tuple[str, str]], Proof]":
    """Return what was read, name and text of the values files, and the comparison."""
    from gcfg2helm import chart as charts
    from gcfg2helm.cli import inputs, session
    from gcfg2helm.proof import run
    from gcfg2helm.values import read

    files = [(name, inputs.perhaps_encrypted(name)) for name in names]
    merged = charts.merge({}, *(read.load(text, name) for name, text in files))
    loaded = session.load(settings, gcfg, existing=merged, real=True)
    done = run.verified(loaded.request, files)
    return loaded, files, done._replace(findings=[*loaded.findings, *done.findings])


def _show(done: "Proof", output_format: Format, gcfg: str, *, show_all: bool, quiet: bool) -> None:
    from gcfg2helm.report import proof

    stream = sys.stdout
    match output_format:
        case Format.JSON:
            stream.write(proof.as_json(done, show_all=show_all))
        case Format.MARKDOWN:
            stream.write(proof.as_markdown(done, show_all=show_all))
        case Format.GITHUB:
            from gcfg2helm.report import github

            stream.write(github.annotations([*done.blocks, *done.findings]))
        case Format.TEXT:
            width, colour = talk.width(stream), talk.colour(stream)
            if quiet:
                lines = proof.brief(done, width=width, colour=colour, main=gcfg)
            else:
                lines = proof.as_text(done, show_all=show_all, width=width, colour=colour, main=gcfg)
            stream.write("".join(f"{line}\n" for line in lines))
