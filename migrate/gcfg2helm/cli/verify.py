"""The command `verify`: the proof, for the values of a conversion or any others."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gcfg2helm.cli import talk
from gcfg2helm.findings import Finding, Level
from gcfg2helm.options import Gcfg, Settings, shared


@shared
def verify(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="VALUES", help="The values file that Helm will get.")],
    more: Annotated[list[str], typer.Option("--values", "-f", metavar="FILE", help="A further values file, in Helm's order; repeatable.")] = [],  # noqa: B006
    chart: Annotated[Path | None, typer.Option(metavar="DIR", help="Render with real Helm and this chart (folder or .tgz) instead of the model.")] = None,
    helm: Annotated[str, typer.Option(metavar="PATH", help="The Helm to run; default: from PATH.")] = "",
    show_all: Annotated[bool, typer.Option("--all", help="Show every setting, not only what differs.")] = False,
    output_format: Annotated[talk.Format, typer.Option("--format", help="How to print the comparison.")] = talk.Format.TEXT,
) -> None:  # fmt: skip
    """Prove that the pod reads with VALUES what the server reads with GCFG; exit 1 where it does not.

    \b
    Examples:
      gcfg2helm verify rstudio-connect.gcfg values.yaml
      gcfg2helm verify rstudio-connect.gcfg values.yaml --values values.secret-values.yaml
      gcfg2helm verify rstudio-connect.gcfg values.yaml --chart ./rstudio-connect-0.21.0.tgz
    """
    with talk.errors():
        from gcfg2helm import verifying

        with talk.progress(f"Verifying {values}", quiet=settings.quiet):
            done = verifying.verified(settings, gcfg, [values, *more], chart, helm)
        findings = settings.heard(list(done.findings))
        _show(done, findings, output_format, show_all=show_all, quiet=settings.quiet)
        if settings.fails(findings, Level.ERROR):
            raise typer.Exit(1)


def _show(done: Any, findings: list[Finding], output_format: talk.Format, *, show_all: bool, quiet: bool) -> None:
    from gcfg2helm.report import proof

    stream = sys.stdout
    done = done._replace(findings=findings)
    match output_format:
        case talk.Format.JSON:
            stream.write(proof.as_json(done, show_all=show_all))
        case talk.Format.MARKDOWN:
            stream.write(proof.as_markdown(done, show_all=show_all))
        case talk.Format.GITHUB:
            from gcfg2helm.report import github

            stream.write(github.annotations(findings))
        case talk.Format.TEXT:
            lines = proof.as_text(done, show_all=show_all, width=talk.width(stream), colour=talk.colour(stream))
            stream.write("".join(f"{line}\n" for line in (lines if not quiet else [])))
