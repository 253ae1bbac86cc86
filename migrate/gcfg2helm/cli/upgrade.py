"""The command `upgrade`: values of an old chart, or of the launcher, brought to a new chart and the direct runner."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gcfg2helm.cli import complete, talk
from gcfg2helm.cli.check import Format
from gcfg2helm.cli.options import OUTPUT, SOURCES, TARGET, Said, codes, plain
from gcfg2helm.enums import Backend, ChartDefaults, FailOn
from gcfg2helm.findings import Finding, Level

if TYPE_CHECKING:
    from gcfg2helm.chart import Chart
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.cli.release import Running
    from gcfg2helm.report.upgrade import Report
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.versions import Version


class _Asking(NamedTuple):
    """What the options say of the two charts, and of where the values come from."""

    since: str
    to: str
    backend: Backend | None
    release: str
    namespace: str
    from_cluster: bool
    chart: Path | None
    from_chart: Path | None
    helm: str
    mappings: Path | None


def upgrade(
    values: Annotated[str, typer.Argument(metavar="[VALUES]", help="The values file of the old chart; may be left out with --from-cluster.")] = "",
    more: Annotated[list[str], typer.Option("--values", "-f", metavar="FILE", help="Another values file, in Helm's order; repeatable.")] = [],  # noqa: B006
    since: Annotated[str, typer.Option("--from", metavar="VERSION", autocompletion=complete.versions, help="Version of the chart that runs today; default: what Chart.lock or Chart.yaml beside VALUES depends on, or what helm list shows.", rich_help_panel=TARGET)] = "",
    to: Annotated[str, typer.Option("--to", metavar="VERSION", autocompletion=complete.versions, help="Version to upgrade to; default: the newest known.", rich_help_panel=TARGET)] = "",
    backend: Annotated[Backend | None, typer.Option(help="What runs content after the upgrade; default: what runs it today.", rich_help_panel=TARGET)] = None,
    release: Annotated[str, typer.Option(metavar="NAME", help="Name of the Helm release.", rich_help_panel=TARGET)] = "rsc",
    namespace: Annotated[str, typer.Option(metavar="NAME", help="Namespace of the release.", rich_help_panel=TARGET)] = "rstudio-connect",
    from_cluster: Annotated[bool, typer.Option("--from-cluster", help="Ask Helm for the version and the values of the release; nothing is written to the cluster.", rich_help_panel=SOURCES)] = False,
    chart: Annotated[Path | None, typer.Option(metavar="PATH", help="The new chart itself, as `helm pull` leaves it: real Helm renders it.", rich_help_panel=TARGET)] = None,
    from_chart: Annotated[Path | None, typer.Option(metavar="PATH", help="The current chart itself; with --chart, all objects of both are compared.", rich_help_panel=TARGET)] = None,
    helm: Annotated[str, typer.Option(metavar="PATH", help="The Helm to run; default: from PATH.", rich_help_panel=TARGET)] = "",
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Output file for VALUES, the other files beside it; default: in place; - prints it.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and stop.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing while errors are open.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report: .html, .md, .json or .txt.")] = None,
    output_format: Annotated[Format | None, typer.Option("--format", help="Print the report in this format, and write no values; shell: the steps as a script for bash.")] = None,
    runbook: Annotated[bool, typer.Option("--runbook", help="Print the steps of the upgrade, and write no values.")] = False,
    chart_defaults: Annotated[ChartDefaults, typer.Option(help="server: write out the defaults that changed; chart: take over the new chart's.")] = ChartDefaults.SERVER,
    mappings: Annotated[Path | None, typer.Option(metavar="DIR", help="Your own mapping tables; they override the built-in ones.", rich_help_panel=SOURCES)] = None,
    ignore: Annotated[list[str], typer.Option(metavar="CODE", autocompletion=complete.findings, callback=codes, help="Do not show, nor fail on, this finding; repeatable.", rich_help_panel=OUTPUT)] = [],  # noqa: B006
    fail_on: Annotated[FailOn | None, typer.Option(help="Exit 1 if a finding of this level or above is left.", rich_help_panel=OUTPUT)] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show findings of level info too.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and the result.")] = False,
) -> None:  # fmt: skip
    """Update VALUES from the current chart to a new one, and prove that Connect reads what it reads today.

    \b
    Examples:
      gcfg2helm upgrade values.yaml --from 0.8.38
      gcfg2helm upgrade values.yaml -f production.yaml --from 0.8.38 --backend kubernetes --release connect --namespace rstudio
      gcfg2helm upgrade values.yaml --from 0.8.38 --backend kubernetes --runbook
      gcfg2helm upgrade --from-cluster --release connect --namespace rstudio -o values.yaml
    """
    values, output = plain(values), plain(output)
    with talk.errors():
        asked = Said(ignore=ignore, fail_on=fail_on, verbose=verbose, quiet=quiet)
        asking = _Asking(since, to, backend, release, namespace, from_cluster, chart, from_chart, helm, mappings)
        files = _files(asking, values, more, output)
        names = [name for name, _ in files]
        targets = _targets(names, output)
        if report is not None:
            from gcfg2helm.cli import reports

            reports.check(report, [*names, *map(str, targets.values())])
        with talk.progress(f"Upgrading {names[0]}", quiet=quiet):
            request, found = _request(asking, files, keep=chart_defaults is ChartDefaults.SERVER, quiet=quiet)
            if runbook and values and not output and not request.prefix:
                output = "upgraded/"  # what can run twice does not write in place
                targets = _targets(names, output)
            command = _command(
                asking, str(request.old), names, output, chart_defaults.value, around=bool(request.prefix)
            )
            made = _made(request, found, asked, targets, command)
        if report is not None:
            _write_report(report, made)
        if runbook or output_format is not None:
            _print(made, output_format or Format.TEXT, runbook=runbook)
        elif _may_write(made, asked, strict=strict):
            _write(made, targets, asked, yes=yes, dry_run=dry_run)
        if _unproven(made, strict=strict) or asked.fails(made.findings, None):
            raise typer.Exit(1)


# what is asked for -----------------------------------------------------------------------------------------------------


def _targets(names: list[str], output: str) -> dict[str, Path | None]:
    """Return where the new text of each file goes, by its name; None prints it. Raises UsageError."""
    from gcfg2helm.cli.session import UsageError

    if len({os.path.realpath(name) for name in names}) < len(names):
        raise UsageError("the same values file is named twice")
    if output == "-":
        if len(names) > 1:
            raise UsageError("-o - prints one file; there are several: name a folder or a file with -o")
        return {names[0]: None}
    if "-" in names:
        raise UsageError("values cannot come from standard input; name a file")
    if not output:
        return {name: Path(name) for name in names}
    folder = Path(output) if Path(output).is_dir() or output.endswith(os.sep) else None
    first = folder / Path(names[0]).name if folder else Path(output)
    made: dict[str, Path | None] = {
        names[0]: first, **{name: first.with_name(Path(name).name) for name in names[1:]}
    }  # fmt: skip
    if len({os.path.realpath(path) for path in made.values() if path}) < len(names):
        raise UsageError("two of the values files would be written to the same name; name a folder apart with -o")
    return made


def _files(asking: _Asking, values: str, more: list[str], output: str) -> list[tuple[str, str]]:
    """Return names and texts of the values, in Helm's order. Raises UsageError and InputError."""
    from gcfg2helm.chart import helm
    from gcfg2helm.cli import inputs, release, session

    session.check_names(asking.release, asking.namespace)
    if values:
        return [(name, inputs.existing(name)) for name in (values, *more)]
    if not asking.from_cluster:
        raise session.UsageError("name the values file, or ask Helm for the values with --from-cluster")
    if more or not output:
        raise session.UsageError(
            "--from-cluster without VALUES: name one file for the new values with -o, - prints them"
        )
    text = release.values(helm.program(asking.helm), asking.release, asking.namespace)
    return [(f"<release {asking.release}>", text)]


def _request(
    asking: _Asking, files: list[tuple[str, str]], *, keep: bool, quiet: bool
) -> "tuple[Request, list[Finding]]":
    """Gather what the upgrade starts from, and findings about it. Raises UsageError, InputError and helm.HelmError."""
    from gcfg2helm import chart as charts
    from gcfg2helm.chart import given, helm
    from gcfg2helm.cli import release, session
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values import read

    running = _running(asking, files[0][0])
    if running is not None and not quiet:
        talk.say(f"chart {running.version} today (from {running.said})")
    found: list[Finding] = []
    if asking.from_chart is not None:
        old, found = given.load(asking.from_chart)
        if asking.since and asking.since.removeprefix("v") != str(old):
            raise session.UsageError(f"--from: {asking.from_chart} is chart {old}; leave --from out")
    else:
        old = charts.known(_version("--from", asking.since or (running.version if running else "")))
    new, more = session.target(asking.chart, asking.to, "--to")
    if new.version < old.version:
        raise session.UsageError(f"--to {new} is older than --from {old}")
    tools = [_tool(asking, chart, path) for chart, path in ((old, asking.from_chart), (new, asking.chart))]
    released = None
    if asking.from_cluster and not files[0][0].startswith("<"):
        released = read.load(release.values(helm.program(asking.helm), asking.release, asking.namespace))
    tables = session.load_tables(asking.mappings)
    request = Request(
        files, tables, old, new, asking.backend, asking.release, asking.namespace, keep,
        _prefix(files, running), tools[0], tools[1], released,
    )  # fmt: skip
    return request, [*found, *more]


def _running(asking: _Asking, name: str) -> "Running | None":
    """Return what runs today, where nobody named it. Raises UsageError where nobody tells."""
    from gcfg2helm.chart import helm
    from gcfg2helm.cli import release, session

    if asking.from_cluster:
        return release.described(helm.program(asking.helm), asking.release, asking.namespace)
    told = None if name.startswith("<") else release.beside(name)
    if asking.since or asking.from_chart is not None:
        return told._replace(version=asking.since) if told and told.key and asking.since else None
    if told is not None:
        return told
    todo = "--from: name the version of the chart that runs today, as `helm list` shows it"
    try:
        found = release.listed(helm.program(asking.helm), asking.release, asking.namespace)
    except helm.HelmError as error:
        raise session.UsageError(f"{todo} ({error})") from None
    if found is None:
        raise session.UsageError(f"{todo}; there is no release {asking.release} of it in {asking.namespace}")
    return found


def _prefix(files: list[tuple[str, str]], running: "Running | None") -> tuple[str, ...]:
    """Return the key of the chart's values in those of a chart around it; nothing where they are at the top."""
    from gcfg2helm import chart as charts
    from gcfg2helm.values import read

    if running is None or not running.key:
        return ()
    tops = {key for name, text in files for key in read.load(text, name)}
    nested = running.key in tops and not any(charts.knows(charts.NEWEST, (key,)) for key in tops - {"global"})
    return (running.key,) if nested else ()


def _tool(asking: _Asking, chart: "Chart", path: Path | None) -> "Helm | None":
    """Return the Helm that renders a chart that is at hand; None where it is not, or nothing renders an unknown one.

    Raises HelmError where one is named and absent, or the model could speak for the chart.
    """
    from gcfg2helm.chart import helm

    try:
        return None if path is None else helm.Helm(helm.program(asking.helm), path)
    except helm.HelmError:
        if asking.helm or chart.known:
            raise
        return None


def _version(option: str, text: str) -> "Version":
    """Return a published version of the chart. Raises UsageError."""
    from gcfg2helm import chart as charts
    from gcfg2helm.cli.session import UsageError
    from gcfg2helm.versions import Version

    try:
        version = Version.parse(text.removeprefix("rstudio-connect-"))
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a version such as {charts.NEWEST}") from None
    if version not in charts.versions():
        near = [one for one in charts.versions() if one[:2] == version[:2]]
        hint = f"; {near[0]} to {near[-1]} are" if near else ""
        what = f"{option}: chart {version} is not a published version{hint}"
        raise UsageError(f"{what} (charts {charts.OLDEST} to {charts.NEWEST} are supported)")
    return version


# what comes of it ------------------------------------------------------------------------------------------------------


def _command(
    asking: _Asking, old: str, names: list[str], output: str, chart_defaults: str, *, around: bool
) -> list[str]:
    """Return the words that write the values, from files that stay as they are; none where they would write in place.

    In a chart `around` they are written in place: its other files belong to them.
    Values that came from the cluster come from what the runbook saves of it.
    """
    if output == "-" or not (output or around):
        return []
    first, *more = [f"{asking.release}-values-before.yaml"] if names[0].startswith("<") else names
    given = {
        "--from-chart" if asking.from_chart else "--from": str(asking.from_chart or old), "--to": asking.to,
        "--chart": str(asking.chart or ""), "--helm": asking.helm, "--mappings": str(asking.mappings or ""),
        "--backend": asking.backend.value if asking.backend else "", "--release": asking.release,
        "--namespace": asking.namespace, "--chart-defaults": chart_defaults,
    }  # fmt: skip
    unsaid = ("", "rsc", "rstudio-connect", "server")  # what the options say by themselves
    words = ["gcfg2helm", "upgrade", first, *(word for name in more for word in ("-f", name))]
    words += [word for option, value in given.items() if value not in unsaid for word in (option, value)]
    return [*words, *(["-o", output] if output else []), "--yes"]


def _made(
    request: "Request", more: list[Finding], asked: Said, targets: dict[str, Path | None], command: list[str]
) -> "Report":
    """Upgrade, and return the report of it."""
    from gcfg2helm.report.upgrade import Report
    from gcfg2helm.runbook import upgrading
    from gcfg2helm.upgrade import build

    done = build.upgraded(request)
    findings = asked.heard([*more, *done.findings])
    files = [str(targets[name] or name) for name in done.files]
    steps = upgrading.steps(done, findings, files, command)
    return Report(done, findings, steps, request.files)


def _unproven(made: "Report", *, strict: bool) -> bool:
    """Whether the proof forbids to write; what nothing here can judge only does under --strict, as in convert."""
    from gcfg2helm.proof.model import Verdict

    proof = made.upgrade.proof
    return proof.verdict is Verdict.NOT_PROVEN and (strict or not proof.unjudged)


def _write_report(path: Path, made: "Report") -> None:
    from gcfg2helm.cli import reports

    forms = {".json": Format.JSON, ".md": Format.MARKDOWN, ".html": Format.HTML}
    form = forms.get(path.suffix, Format.TEXT)
    reports.written(path, _text(made, form, reports.WIDTH, colour=False, whole=True))


def _print(made: "Report", form: Format, *, runbook: bool) -> None:
    from gcfg2helm.cli.session import UsageError

    if runbook and form in (Format.GITHUB, Format.HTML):
        raise UsageError(f"--runbook has no format {form.value}")
    if form is Format.SHELL and not runbook:
        raise UsageError("--format shell needs --runbook")
    stream = sys.stdout
    stream.write(_text(made, form, talk.width(stream), colour=talk.colour(stream), runbook=runbook))
    stream.flush()


def _text(made: "Report", form: Format, width: int, *, colour: bool, runbook: bool = False, whole: bool = False) -> str:
    """Return the report in a format; with `runbook` its steps alone, with `whole` the text with them."""
    from gcfg2helm.report import github, upgrade
    from gcfg2helm.report import json as data

    match form:
        case Format.HTML:
            from gcfg2helm.cli import reports
            from gcfg2helm.report import upgradepage

            return upgradepage.render(made, reports.now())
        case Format.SHELL:
            from gcfg2helm.report import shell

            request = made.upgrade.request
            return shell.render(f"Upgrades the release {request.release} to chart {request.new}", made.steps)
        case Format.JSON:
            return data.dump(upgrade.as_data(made))
        case Format.MARKDOWN:
            return upgrade.as_markdown(made, runbook=runbook)
        case Format.GITHUB:
            return github.annotations(made.findings)
        case _:
            lines = list(upgrade.as_text(made, width, colour=colour, runbook=runbook))
            if whole:
                lines += ["", *upgrade.as_text(made, width, colour=colour, runbook=True)]
            return "".join(f"{line}\n" for line in lines)


# writing ---------------------------------------------------------------------------------------------------------------


def _may_write(made: "Report", asked: Said, *, strict: bool) -> bool:
    """Whether the new values are good enough to be written; else say why, and end."""
    from gcfg2helm.cli import changes
    from gcfg2helm.report import upgrade

    unproven = _unproven(made, strict=strict)
    if not unproven and not (strict and any(one.level is Level.ERROR for one in made.findings)):
        return True
    changes.show_findings(asked, made.findings)
    if not asked.quiet:
        talk.say(upgrade.counted(made.upgrade))
    why = upgrade.verdict(made.upgrade) if unproven else "errors are open (--strict)"
    return talk.fail(f"gcfg2helm: nothing was written: {why}", 1)


def _mark(name: str) -> str:
    """Return the byte order mark that a file begins with; it stays."""
    path = Path(name)
    return "\ufeff" if path.is_file() and path.read_bytes().startswith(b"\xef\xbb\xbf") else ""


def _write(made: "Report", targets: dict[str, Path | None], asked: Said, *, yes: bool, dry_run: bool) -> None:
    from gcfg2helm.cli import changes, outputs
    from gcfg2helm.report import overview, upgrade

    done, findings = made.upgrade, made.findings
    printed = [done.files[name].text for name, path in targets.items() if path is None]
    sys.stdout.write("".join(printed))
    sys.stdout.flush()
    files = [
        outputs.output(path, (_mark(name) + done.files[name].text).encode("utf-8"))
        for name, path in targets.items()
        if path
    ]
    if not asked.quiet:
        for before, (name, path) in zip(done.before, targets.items(), strict=True):
            changes.show(
                before, done.files[name].tree, done.request.tables, str(path or name), frozenset(), stream=sys.stderr
            )
    changes.show_findings(asked, findings)
    if not asked.quiet:
        talk.say(upgrade.counted(done))
        hint = " (-v shows them)" if len(asked.shown(findings)) < len(findings) else ""
        talk.say(f"{overview.finding_count(findings)}{hint}")
        talk.say(upgrade.verdict(done))
    idle = "" if printed else f"{', '.join(str(one.path) for one in files)}: up to date."
    outputs.settle(files, idle, yes=yes, dry_run=dry_run, quiet=asked.quiet)
