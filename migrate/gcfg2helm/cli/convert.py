"""The commands `convert` and `diff`: the same conversion, written or only shown."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gcfg2helm.cli import ISSUES, changes, talk
from gcfg2helm.cli.options import Gcfg, Settings, shared
from gcfg2helm.enums import SecretMode
from gcfg2helm.findings import Finding, Level

_UNPROVEN = "the result does not read as the source"


def beside(output: str, kind: str) -> Path:
    """Return the name of a file that goes with values.yaml: `values.secret.yaml`."""
    path = Path(output)
    return path.with_name(f"{path.name.removesuffix('.yaml').removesuffix('.yml')}.{kind}.yaml")


def converted(settings: Settings, gcfg: str, output: str) -> Any:
    from gcfg2helm import convert
    from gcfg2helm.cli import session

    with talk.progress(f"Converting {gcfg}", quiet=settings.quiet):
        to_stdout = output == "-"
        loaded = session.load(
            settings, gcfg, "" if to_stdout else output, "" if to_stdout else str(beside(output, "secret-values"))
        )
        done = convert.convert(loaded.request)
    done = done._replace(proof=done.proof._replace(findings=settings.heard(list(done.proof.findings))))
    return loaded, done, settings.heard([*loaded.findings, *done.findings])


@shared
def convert(
    settings: Settings,
    gcfg: Gcfg,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Where the values go; merged into an existing file; - prints them.")] = "values.yaml",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing while errors are open or the proof has doubts.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report: .txt, .json or .md.")] = None,
) -> None:  # fmt: skip
    """Convert GCFG into values.yaml: preview, ask, write.

    \b
    Examples:
      gcfg2helm convert /etc/rstudio-connect/rstudio-connect.gcfg
      gcfg2helm convert rstudio-connect.gcfg -o - > values.yaml
      gcfg2helm convert rstudio-connect.gcfg --yes --pvc connect-data --image ghcr.io/acme/content:2026.08
    """
    with talk.errors():
        from gcfg2helm.cli import outputs

        if report is not None:
            outputs.check(report, [gcfg, output, *settings.also, settings.env_file])
        with outputs.kept(report, settings, gcfg, output, beside):
            loaded, done, findings = converted(settings, gcfg, output)
        if report is not None:
            failure = _UNPROVEN if done.unproven else ""
            outputs.write(report, outputs.made(settings, loaded, done, findings, gcfg, output, beside, failure))
        if done.unproven:
            changes.show_findings(settings, findings)
            chart = loaded.request.chart
            why = (
                f"a bug, please report it to {ISSUES}"
                if chart.known
                else f"{chart.unknown}, and the findings name what"
            )
            talk.fail(f"gcfg2helm: nothing was written: {_UNPROVEN}; {why}", 1)
        if strict and (any(one.level is Level.ERROR for one in findings) or done.proof.doubts or done.proof.unjudged):
            changes.show_findings(settings, findings)
            _closing(settings, done, findings)
            talk.fail("gcfg2helm: nothing was written: errors or doubts are open (--strict)", 1)
        if output == "-":
            _print_values(settings, done, findings)
        else:
            _write_values(settings, loaded, done, findings, output, yes=yes, dry_run=dry_run)
        if settings.fails(findings, None) or not (done.proof.proven or done.proof.unjudged):
            raise typer.Exit(1)


def _print_values(settings: Settings, done: Any, findings: list[Finding]) -> None:
    sys.stdout.write(done.values.text)
    sys.stdout.flush()
    changes.show_findings(settings, findings)
    if settings.quiet:
        return
    if done.secret or done.secret_values or done.files:
        talk.say("The files that go with these values (secrets, mounted files) are not printed: -o FILE writes them.")
    _closing(settings, done, findings)


def _closing(settings: Settings, done: Any, findings: list[Finding]) -> None:
    from gcfg2helm.report import text

    talk.say(text.accounting(done.plan))
    talk.say(f"proof: {text.proof_line(done.proof)}")
    hint = " (-v shows them)" if len(settings.shown(findings)) < len(findings) else ""
    talk.say(f"{text.finding_count(findings)}{hint}")
    talk.say(text.verdict(done.proof))


def _outputs(settings: Settings, done: Any, output: str) -> list[tuple[Path, str, bool]]:
    """Return the files to write, with their text and whether they hold secrets; values.yaml comes last."""
    found: list[tuple[Path, str, bool]] = []
    if done.secret:
        found.append((beside(output, "secret"), done.secret, True))
    if done.secret_values and settings.secrets is not SecretMode.EXISTING:
        found.append((beside(output, "secret-values"), done.secret_values.text, True))
    if done.files:
        found.append((beside(output, "files"), done.files, True))
    return [*found, (Path(output), done.values.text, any_inline(done))]


def any_inline(done: Any) -> bool:
    """Whether values.yaml itself holds secrets (`--secrets inline`)."""
    return any(one.code == "G2H503" for one in done.plan.findings)


def _open(path: Path) -> bool:
    """Whether others than its owner may read a file."""
    return bool(path.stat().st_mode & 0o077)


def _write_values(
    settings: Settings, loaded: Any, done: Any, findings: list[Finding], output: str, *, yes: bool, dry_run: bool
) -> None:
    from gcfg2helm.cli import atomic

    outputs = _outputs(settings, done, output)
    held = {path: atomic.read(path) for path, _, _ in outputs}
    new = [one for one in outputs if held[one[0]] != one[1].encode("utf-8") or (one[2] and _open(one[0]))]
    if not settings.quiet:
        changed = changes.show(done.before, done.values.tree, loaded.request.tables, output, stream=sys.stderr)
        for path, _, secret in new:
            if path != Path(output):
                talk.say(
                    f"{path}: {'changed' if held[path] is not None else 'new'}{', mode 0600' if secret else ''}; not shown"
                )
            elif not changed:
                talk.say("  only comments change")
    changes.show_findings(settings, findings)
    if not settings.quiet:
        _closing(settings, done, findings)
    if not new:
        talk.say(f"{output} is up to date.") if not settings.quiet else None
        return
    if dry_run:
        return
    if not yes:
        talk.confirm(output)
    for path, text, secret in new:
        atomic.write(path, text.encode("utf-8"), held[path], secret=secret)
    if not settings.quiet:
        talk.say("written: " + ", ".join(str(path) for path, _, _ in new))


@shared
def diff(
    settings: Settings,
    gcfg: Gcfg,
    values: Annotated[str, typer.Argument(metavar="[VALUES]", help="The values file to compare with.")] = "values.yaml",
    output_format: Annotated[talk.Format, typer.Option("--format", help="How to print the changes.")] = talk.Format.TEXT,
) -> None:  # fmt: skip
    """Show what convert would change in VALUES, and write nothing; exit 1 where there is a difference.

    \b
    Examples:
      gcfg2helm diff /etc/rstudio-connect/rstudio-connect.gcfg values.yaml
      gcfg2helm diff rstudio-connect.gcfg values.yaml --format json
    """
    with talk.errors():
        if output_format is talk.Format.GITHUB:
            talk.fail("gcfg2helm: diff has no format github; check and verify have", 2)
        _check_named(values)
        loaded, done, findings = converted(settings, gcfg, values)
        differs = (loaded.request.values or "") != done.values.text
        if output_format is not talk.Format.TEXT:
            _print_changes(done, loaded.request.tables, values, output_format, differs=differs)
        elif not differs:
            if not settings.quiet:
                talk.say(f"{values}: no difference")
        elif not changes.show(done.before, done.values.tree, loaded.request.tables, values, stream=sys.stdout):
            sys.stdout.write("  only comments change\n")
        if differs or settings.fails(findings, None):
            raise typer.Exit(1)


def _check_named(values: str) -> None:
    """An explicit VALUES must exist; what is meant by none is said. Raises InputError."""
    from gcfg2helm.findings import InputError

    if not Path(values).exists():
        if values != "values.yaml":
            raise InputError(f"{values}: no such file or directory")
        talk.say("values.yaml: not here; compared with an empty file")


def _print_changes(done: Any, tables: Any, values: str, output_format: talk.Format, *, differs: bool) -> None:
    from gcfg2helm.report import json as data
    from gcfg2helm.report import markdown

    changed = changes.between(done.before, done.values.tree, tables)
    if output_format is talk.Format.JSON:
        sys.stdout.write(data.dump(data.diff(values, changed, differs=differs)))
    else:
        sys.stdout.write(markdown.render_changes(values, changed, differs=differs))
