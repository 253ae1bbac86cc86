"""What the commands share about reports: made of a conversion, put into a format, written to a file."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gcfg2helm.cli import options
from gcfg2helm.cli.options import Settings
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Finding

if TYPE_CHECKING:
    from datetime import datetime

    from gcfg2helm.cli.session import Loaded
    from gcfg2helm.conversion import Conversion
    from gcfg2helm.proof.model import Proof
    from gcfg2helm.report.model import Report

_SUFFIXES = (".html", ".md", ".json", ".txt")
WIDTH = 100  # of a report in a file


def check(path: Path, inputs: Sequence[str]) -> None:
    """Raise session.UsageError for a report in no known format, or one that would take the place of another file."""
    from gcfg2helm.cli.session import UsageError

    if path.suffix not in _SUFFIXES:
        raise UsageError(f"--report: {str(path)!r} ends in none of {', '.join(_SUFFIXES)}")
    if os.path.realpath(path) in {os.path.realpath(name) for name in inputs if name and name != "-"}:
        raise UsageError(f"--report: {str(path)!r} is another file of this conversion")


def made(
    settings: Settings,
    loaded: "Loaded",
    done: "Conversion",
    findings: Sequence[Finding],
    gcfg: str,
    output: str,
    failure: str = "",
) -> "Report":
    """Return the report of a conversion into `output`."""
    from gcfg2helm.report import model
    from gcfg2helm.runbook.files import Files, beside

    output = "values.yaml" if output == "-" else output
    kinds = {
        "secret": done.secret or (done.plan.env_secrets and settings.secrets is SecretMode.EXISTING),
        "secret-values": done.secret_values,
        "files": done.files,
        "external": done.external,
    }
    secret, values, mounted, external = (str(beside(output, kind)) if there else "" for kind, there in kinds.items())
    source = "rstudio-connect.gcfg" if gcfg == "-" else gcfg
    encrypt = ""
    if settings.secrets is SecretMode.SOPS:
        from gcfg2helm.cli import sops

        encrypt = sops.call(output)
    names = Files(source, output, secret, values, mounted, external, encrypt, options.words(settings))
    return model.of_conversion(loaded.request, done, findings, names, failure)


def text(report: "Report", width: int) -> Iterator[str]:
    """Yield the whole report as plain text: every finding, every setting, the runbook."""
    from gcfg2helm.report import overview

    for line in overview.render(report, report.findings, width, colour=False, every=True):
        yield f"{line}\n"
    yield "\n"
    yield from steps(report, width, colour=False)
    yield "\n"
    if report.failure:
        yield f"The conversion failed: {report.failure}\n"
    for line in overview.closing(report, "", width, colour=False):
        yield f"{line}\n"


def steps(report: "Report", width: int, *, colour: bool) -> Iterator[str]:
    """Yield the runbook for a terminal."""
    from gcfg2helm.report import steps as printed
    from gcfg2helm.runbook import model

    yield f"{model.summary(report.steps)}\n"
    for line in printed.lines(report.steps, width, colour=colour):
        yield f"{line}\n"


def write(path: Path, report: "Report") -> None:
    """Write a report whole or not at all. Raises atomic.WriteError."""
    from gcfg2helm.report import json as data
    from gcfg2helm.report import markdown

    match path.suffix:
        case ".html":
            content = page(report)
        case ".json":
            content = data.dump(data.report(report))
        case ".md":
            content = markdown.render(report)
        case _:
            content = "".join(text(report, WIDTH))
    written(path, content)


def page(report: "Report") -> str:
    """Return a report as one page. Its time is SOURCE_DATE_EPOCH's where that is set."""
    from gcfg2helm.report import html

    return html.render(report, now())


def now() -> "datetime":
    """Return the time that a page shows."""
    from datetime import UTC, datetime

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)


def write_proof(path: Path, loaded: "Loaded", values: Sequence[tuple[str, str]], done: "Proof", main: str) -> None:
    """Write a comparison, every setting of it, whole or not at all; `values` are name and text of the values files.

    Raises atomic.WriteError.
    """
    from gcfg2helm import chart as charts
    from gcfg2helm.proof import run
    from gcfg2helm.report import model, proof
    from gcfg2helm.values import read

    match path.suffix:
        case ".html":
            merged = charts.merge({}, *(read.load(text, name) for name, text in values))
            plan = run.source_plan(loaded.request, merged)
            content = page(model.of_proof(loaded.request, plan, done, values))
        case ".json":
            content = proof.as_json(done, show_all=True)
        case ".md":
            content = proof.as_markdown(done, show_all=True)
        case _:
            lines = proof.as_text(done, show_all=True, width=WIDTH, colour=False, main=main)
            content = "".join(f"{line}\n" for line in lines)
    written(path, content)


def written(path: Path, content: str) -> None:
    """Write a report whole or not at all. Raises atomic.WriteError."""
    from gcfg2helm.cli import outputs

    outputs.write([outputs.output(path, content.encode("utf-8", "backslashreplace"))])


@contextmanager
def kept(path: Path | None, settings: Settings, gcfg: str, output: str) -> Iterator[None]:
    """Write the report also where an existing values file cannot be used, as if there were none; the error goes on."""
    from gcfg2helm import conversion
    from gcfg2helm import gcfg as language
    from gcfg2helm.cli import session
    from gcfg2helm.findings import InputError
    from gcfg2helm.values import read

    try:
        yield
    except (read.YamlError, InputError) as error:
        if path is not None and gcfg != "-":
            with suppress(InputError, language.GcfgError):
                loaded = session.load(settings, gcfg)
                done = conversion.convert(loaded.request)
                findings = settings.heard([*loaded.findings, *done.findings])
                write(path, made(settings, loaded, done, findings, gcfg, output, str(error)))
        raise
