"""The commands `convert` and `diff`: the same conversion, written or only shown."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gcfg2helm.cli import ISSUES, changes, talk
from gcfg2helm.cli.config import Answer
from gcfg2helm.cli.options import MANY, Settings, shared, words
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Finding, Level

if TYPE_CHECKING:
    from gcfg2helm.cli.outputs import Output
    from gcfg2helm.cli.session import Loaded
    from gcfg2helm.conversion import Conversion
    from gcfg2helm.report.model import Report

_UNPROVEN = "the result does not read as the source"


class TableFormat(StrEnum):
    """How `convert --out-dir` prints the table of its servers."""

    TEXT = "text"
    JSON = "json"


class Converted(NamedTuple):
    """A conversion as a command made it: its inputs, the result, the findings that `--ignore` leaves."""

    loaded: "Loaded"
    done: "Conversion"
    findings: list[Finding]


def converted(settings: Settings, gcfg: str, output: str) -> Converted:
    """Read the inputs and convert; `output` names the values file that is there already, if it is."""
    from gcfg2helm import conversion
    from gcfg2helm.cli import session
    from gcfg2helm.runbook.files import beside

    with talk.progress(f"Converting {gcfg}", quiet=settings.quiet):
        there = () if output == "-" else (output, str(beside(output, "secret-values")))
        loaded = session.load(settings, gcfg, *there)
        done = conversion.convert(loaded.request)
    done = done._replace(proof=done.proof.heard(settings.ignore))
    found = _about_files(settings, done, output) if there else []
    return Converted(loaded, done, settings.heard([*loaded.findings, *done.findings, *found]))


def _about_files(settings: Settings, done: "Conversion", output: str) -> list[Finding]:
    """Return what to know about private files that SOPS has encrypted, or will."""
    from gcfg2helm.findings import finding

    encrypted = [one.path for one in _outputs(settings, done, output) if one.encrypted]
    todo = "Where secrets changed since, remove it and convert again."
    found = [finding("G2H519", f"{path} is encrypted, and stays as it is.", todo) for path in encrypted]
    found += [
        finding("G2H520", f"{path} is not written by this conversion.", "If an earlier one wrote it, remove it.")
        for path in _left(settings, done, output)
    ]
    if settings.secrets is SecretMode.SOPS:
        from gcfg2helm.cli import sops

        found += sops.findings(output, done)
    return found


@shared
def convert(
    settings: Settings,
    gcfg: Annotated[list[str], typer.Argument(metavar="GCFG...", help="The server's rstudio-connect.gcfg; - is standard input. With --out-dir several, or folders of them.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Output file; an existing one is merged into; - prints the values.")] = "values.yaml",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing while errors are open or the proof has doubts.")] = False,
    editor: Annotated[bool, typer.Option("--editor", help="Write a JSON Schema beside the values, and name it in their first line: editors then know every setting.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report: .html, .md, .json or .txt.")] = None,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Ask for what the gcfg does not say, and keep the answers in gcfg2helm.toml.")] = False,
    no_cluster: Annotated[bool, typer.Option("--no-cluster", help="With --interactive: do not ask kubectl for choices.")] = False,
    out_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Convert many servers, each into a folder of its own below DIR.", rich_help_panel=MANY)] = None,
    common: Annotated[Path | None, typer.Option(metavar="FILE", help="Move the values that all of them share into FILE; Helm reads it first.", rich_help_panel=MANY)] = None,
    jobs: Annotated[int, typer.Option(metavar="N", min=0, help="How many to convert in parallel; 0: one for each processor.", rich_help_panel=MANY)] = 0,
    output_format: Annotated[TableFormat, typer.Option("--format", help="Format of their table.", rich_help_panel=MANY)] = TableFormat.TEXT,
) -> None:  # fmt: skip
    """Convert GCFG into values.yaml: preview, ask, write.

    \b
    Examples:
      gcfg2helm convert /etc/rstudio-connect/rstudio-connect.gcfg
      gcfg2helm convert rstudio-connect.gcfg -o - > values.yaml
      gcfg2helm convert rstudio-connect.gcfg --yes --pvc connect-data --image ghcr.io/acme/content:2026.08
      gcfg2helm convert --out-dir values servers/ --common values/common.yaml
    """
    with talk.errors():
        if out_dir is not None and editor:
            talk.fail("gcfg2helm: --editor works with one server, not with --out-dir", 2)
        if out_dir is not None:
            _convert_many(settings, gcfg, out_dir, jobs, common, output_format, strict=strict, dry_run=dry_run)
        elif len(gcfg) != 1 or common is not None:
            talk.fail("gcfg2helm: several servers go with --out-dir DIR", 2)
        else:
            answers: dict[str, Answer] = {}
            if interactive:
                from gcfg2helm.cli import questions

                settings, answers = questions.asked(
                    settings, lambda given: converted(given, gcfg[0], output).findings, cluster=not no_cluster
                )
            _convert(settings, gcfg[0], output, report, answers, yes=yes, dry_run=dry_run, strict=strict, editor=editor)


def _convert_many(
    settings: Settings, sources: list[str], folder: Path, jobs: int, common: Path | None, kind: TableFormat, *,
    strict: bool, dry_run: bool,
) -> None:  # fmt: skip
    from gcfg2helm.cli import many

    if dry_run or "-" in sources:
        talk.fail("gcfg2helm: --out-dir writes files; it cannot be used with --dry-run or standard input", 2)
    number = jobs or os.cpu_count() or 1
    as_json = kind is TableFormat.JSON
    code = many.convert(settings, sources, folder, jobs=number, strict=strict, common=common, as_json=as_json)
    if code:
        raise typer.Exit(code)


def _convert(
    settings: Settings, gcfg: str, output: str, report: Path | None, answers: dict[str, Answer], *,
    yes: bool, dry_run: bool, strict: bool, editor: bool,
) -> None:  # fmt: skip
    from gcfg2helm.cli import reports

    if report is not None:
        reports.check(report, [gcfg, output, *settings.also, settings.env_file])
    if output != "-":
        from gcfg2helm.cli import atomic
        from gcfg2helm.runbook.files import beside

        for path in (Path(output), beside(output, "secret-values")):
            atomic.check(path)  # before it is read: a pipe would never end
    with reports.kept(report, settings, gcfg, output):
        loaded, done, findings = converted(settings, gcfg, output)
    failure = _UNPROVEN if done.unproven else ""
    made = reports.made(settings, loaded, done, findings, gcfg, output, failure)
    if report is not None:
        reports.write(report, made)
    if done.unproven:
        changes.show_findings(settings, findings)
        chart = loaded.request.chart
        why = f"a bug, please report it to {ISSUES}" if chart.known else f"{chart.unknown}, and the findings name what"
        talk.fail(f"gcfg2helm: nothing was written: {_UNPROVEN}; {why}", 1)
    if strict and (any(one.level is Level.ERROR for one in findings) or done.proof.doubts or done.proof.unjudged):
        show_head(settings, made)
        talk.fail("gcfg2helm: nothing was written: errors or doubts are open (--strict)", 1)
    extra: list[Output] = []
    if editor:
        from gcfg2helm.cli import schema

        done, extra = schema.for_editors(loaded.request, done, output)
    if output == "-":
        sys.stdout.write(done.values.text)
        sys.stdout.flush()
        show_head(settings, made)
        if not settings.quiet and (done.secret or done.secret_values or done.files or done.external):
            talk.say(
                "The files that go with these values (secrets, mounted files) are not printed: -o FILE writes them."
            )
        show_closing(settings, made, "")
    else:
        with _repeatable(settings, gcfg, output, answers):
            _write_values(settings, loaded, done, made, output, extra, yes=yes, dry_run=dry_run)
    if answers and not dry_run:
        _keep(settings, gcfg, output, answers)
    if settings.fails(findings, None) or not (done.proof.proven or done.proof.unjudged):
        raise typer.Exit(1)


@contextmanager
def _repeatable(settings: Settings, gcfg: str, output: str, answers: dict[str, Answer]) -> Iterator[None]:
    """Where nothing is written, and so no answer is kept, say the command line that gives them again."""
    try:
        yield
    except typer.Exit:
        if answers:
            talk.say(f"with these answers: {command_line(settings, gcfg, output)}")
        raise


def _keep(settings: Settings, gcfg: str, output: str, answers: dict[str, Answer]) -> None:
    """Keep the answers for the next run, and say the command line that needs no questions."""
    from gcfg2helm.cli import atomic, config, outputs

    file = config.path_for(gcfg)
    before = atomic.read(file)
    kept = config.with_answers((before or b"").decode("utf-8"), answers)
    try:
        outputs.write([outputs.Output(file, kept.encode("utf-8"), before)])
        talk.say(f"answers kept in {file}")
    except atomic.WriteError as error:
        talk.say(f"the answers could not be kept: {error}")
    talk.say(f"without questions: {command_line(settings, gcfg, output)}")


def command_line(settings: Settings, gcfg: str, output: str) -> str:
    """Return the command that converts a gcfg into these values with these settings."""
    to = ["-o", output] if output != "values.yaml" else []
    return shlex.join(["gcfg2helm", "convert", gcfg, *to, *words(settings)])


def show_head(settings: Settings, report: "Report") -> None:
    """Print what comes first: verdict and sums, the findings, what became of the settings; only errors with --quiet."""
    from gcfg2helm.report import overview

    if settings.quiet:
        changes.show_findings(settings, list(report.findings), report.sources[0])
        return
    stream = sys.stderr
    shown = settings.shown(report.findings)
    for line in overview.render(report, shown, talk.width(stream), colour=talk.colour(stream)):
        talk.say(line)


def show_closing(settings: Settings, report: "Report", following: str) -> None:
    """Print the last lines: the verdict once more, what is open, the next command."""
    from gcfg2helm.report import overview

    if not settings.quiet:
        for line in overview.closing(report, following, talk.width(sys.stderr), colour=talk.colour(sys.stderr)):
            talk.say(line)


def _outputs(settings: Settings, done: "Conversion", output: str) -> "list[Output]":
    """Return the files to write; values.yaml comes last."""
    from gcfg2helm.cli import outputs
    from gcfg2helm.runbook.files import beside

    others: dict[str, str] = {}
    if done.secret:
        others["secret"] = done.secret
    if done.secret_values and settings.secrets.makes_values:
        others["secret-values"] = done.secret_values.text
    if done.files:
        others["files"] = done.files
    if done.external:
        others["external"] = done.external
    found = [
        outputs.output(beside(output, kind), text.encode("utf-8"), secret=kind != "external")
        for kind, text in others.items()
    ]
    if settings.secrets is SecretMode.SOPS and found:
        from gcfg2helm.cli import sops

        file, there = sops.file_for(output)
        found += [] if there else [outputs.output(file, sops.text(output).encode("utf-8"))]
    return [*found, outputs.output(Path(output), done.values.text.encode("utf-8"), secret=any_inline(done))]


def _left(settings: Settings, done: "Conversion", output: str) -> list[Path]:
    """Return the files beside the values that another conversion wrote, and this one would not; the owner's own are not."""
    from gcfg2helm.runbook.files import beside

    kinds = ("files", "external") if settings.secrets is SecretMode.EXISTING else ("secret", "secret-values", "files", "external")  # fmt: skip
    new = {one.path for one in _outputs(settings, done, output)}
    return [path for kind in kinds if (path := beside(output, kind)) not in new and path.exists()]


def any_inline(done: "Conversion") -> bool:
    """Whether values.yaml itself holds secrets (`--secrets inline`)."""
    return any(one.code == "G2H503" for one in done.plan.findings)


def _write_values(
    settings: Settings, loaded: "Loaded", done: "Conversion", report: "Report", output: str,
    extra: "list[Output]", *, yes: bool, dry_run: bool,
) -> None:  # fmt: skip
    from gcfg2helm.cli import outputs
    from gcfg2helm.cli.options import words
    from gcfg2helm.report import overview

    files = [*extra, *(one for one in _outputs(settings, done, output) if not one.encrypted)]
    new = outputs.changed(files)
    if done.before and not settings.quiet:
        for line in overview.merging(output, settings.prefer, talk.width(sys.stderr)):
            talk.say(line)
    show_head(settings, report)
    if not settings.quiet:
        talk.say("")
        changed = changes.show(
            done.before, done.values.tree, loaded.request.tables, output, done.plan.spared, stream=sys.stderr
        )
        for one in new:
            if one.path != Path(output):
                talk.say(f"{one.announced}; not shown")
            elif not changed:
                talk.say("  only comments change")
    if new and dry_run:
        show_closing(settings, report, command_line(settings, report.sources[0], output))
        return
    if new and not yes:
        show_closing(settings, report, "")
    outputs.settle(files, f"{output} is up to date.", yes=yes, dry_run=dry_run, quiet=settings.quiet)
    if not new or yes:
        show_closing(settings, report, "")
    if not settings.quiet:
        asks = sys.stdin.isatty() and sys.stderr.isatty()
        for line in overview.following(report, output, talk.width(sys.stderr), asks=asks):
            talk.say(line)
        values = [output] if output != "values.yaml" else []
        talk.say(
            "next: " + shlex.join(["gcfg2helm", "check", report.sources[0], *values, *words(settings), "--runbook"])
        )


def check_named(values: str, *, compares: bool) -> None:
    """An explicit VALUES must exist; which one is meant where none is named is said. Raises InputError.

    `compares`: the command needs one to compare with, so that it is said too where there is none.
    """
    from gcfg2helm.findings import InputError

    if values != "values.yaml":
        if not Path(values).exists():
            raise InputError(f"{values}: no such file or directory")
    elif Path(values).exists():
        talk.say("values.yaml: using the one in this folder")
    elif compares:
        talk.say("values.yaml: not here; compared with an empty file")
