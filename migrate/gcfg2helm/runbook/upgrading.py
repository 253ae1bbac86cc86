"""The steps of an upgrade: save, look, upgrade, check, and the way back, with the names of this release."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import managed
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Level
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.postgres import Database, databases
from gcfg2helm.runbook.model import BACK, Mark, Step
from gcfg2helm.runbook.server import here, said
from gcfg2helm.values.tree import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.upgrade.model import Upgrade
    from gcfg2helm.values.tree import Tree

_CHART = "rstudio/rstudio-connect"
_DUMP = "connect-before-upgrade{}.dump"


def steps(done: Upgrade, findings: Sequence[Finding], files: Sequence[str]) -> list[Step]:
    """Return the steps of an upgrade, in order. `files` are the names that the new values have, in Helm's order."""
    request = done.request
    after = charts.merge(request.new.defaults, *(one.tree for one in done.files.values()))
    settled = {"G2H807"}
    made = [
        _open(findings, Level.ERROR, "errors", "Settle what stops the upgrade", settled),
        _save_release(done),
        _save_data(done, after),
        _accounts(findings),
        _open(findings, Level.WARNING, "warnings", "Look at the open warnings", settled),
        _look(done, files),
        _upgrade(done, files),
        _check(done, after),
        _roll_back(done, after),
    ]
    return [step for step in made if step]


def _open(findings: Sequence[Finding], level: Level, name: str, title: str, settled: set[str]) -> Step | None:
    found = [one for one in findings if one.level is level and one.code not in settled]
    if not found:
        return None
    codes = tuple(dict.fromkeys(one.code for one in found))
    commands = tuple(command for one in found for command in one.commands)
    return Step(name, title, Mark.DECISION, tuple(map(said, found)), commands, codes)


def _helm(done: Upgrade, *words: str) -> Command:
    return here("helm", *words, "--namespace", done.request.namespace)


def _save_release(done: Upgrade) -> Step:
    release = done.request.release
    commands = (
        _helm(done, "history", release),
        Command(f"{_helm(done, 'get', 'values', release, '--output', 'yaml').text} > {release}-values-before.yaml"),
        Command(f"{_helm(done, 'get', 'manifest', release).text} > {release}-manifest-before.yaml"),
    )
    notes = ("The history shows the revision to go back to; the two files say what runs today.",)
    return Step("save-release", "Save what Helm knows of the release", Mark.COMMAND, notes, commands)


def _databases(done: Upgrade, after: dict[str, Tree]) -> list[Database]:
    request = done.request
    backend = done.backend or Backend.LAUNCHER
    ctx = Context(
        request.tables, {}, request.new, backend, request.release, request.namespace, Options(), after, None
    )  # fmt: skip
    return [one for one in databases(ctx) if one.hosts and one.user]


def _of_database(program: str, one: Database, *words: str) -> Command:
    at = one.hosts[0]
    return here(program, "--host", at.host, "--port", at.port, "--username", one.user, *words)


def _dump(number: int) -> str:
    return _DUMP.format("" if number == 0 else f"-{number + 1}")


def _save_data(done: Upgrade, after: dict[str, Tree]) -> Step:
    known = _databases(done, after)
    commands = tuple(
        _of_database("pg_dump", one, "--format=custom", f"--file={_dump(number)}", one.name or one.user)
        for number, one in enumerate(known)
    )
    notes = [
        (
            "Connect changes its database at the first start of a newer version, and an older one refuses it then: the way "
            "back needs the dump."
        )
    ]
    if not known:
        notes.append("The values do not tell where the database is: save it as its administrators do.")
    notes.append("Take a snapshot of the storage too, where it can do that.")
    return Step("save-data", "Save the database and the storage", Mark.COMMAND if commands else Mark.DECISION, tuple(notes), commands)  # fmt: skip


def _accounts(findings: Sequence[Finding]) -> Step | None:
    found = [one for one in findings if one.code == "G2H807"]
    if not found:
        return None
    commands = tuple(command for one in found for command in one.commands)
    notes = tuple(one.what for one in found)
    return Step("service-accounts", "Label the service accounts of content", Mark.COMMAND, notes, commands, ("G2H807",))


def _words(done: Upgrade, files: Sequence[str]) -> list[str]:
    """Return what `helm upgrade` is told: the chart, or the chart around it, and the values alone."""
    given = [word for name in files for word in ("-f", name)]
    if done.request.prefix:
        return [done.request.release, _folder(files), "--reset-values", *given]
    return [done.request.release, _CHART, "--version", str(done.request.new), "--reset-values", *given]


def _folder(files: Sequence[str]) -> str:
    return str(PurePath(files[0]).parent)


def _look(done: Upgrade, files: Sequence[str]) -> Step:
    words = _words(done, files)
    diff, dry = _helm(done, "diff", "upgrade", *words).text, _helm(done, "upgrade", *words, "--dry-run").text
    commands = (
        here("helm", "repo", "add", "rstudio", "https://helm.rstudio.com"),
        here("helm", "repo", "update"),
        *([here("helm", "dependency", "update", _folder(files))] if done.request.prefix else []),
        Command(f"if helm plugin list | grep -q '^diff'; then {diff}; else {dry}; fi"),
    )
    notes = ["The plugin helm-diff shows what changes; where it is not installed, all that would stand there."]
    if done.request.prefix:
        version = done.request.new
        notes.insert(0, f"First set the version of the dependency rstudio-connect in Chart.yaml to {version}.")
    return Step("look", "Look at what changes in the cluster", Mark.COMMAND, tuple(notes), commands)


def _upgrade(done: Upgrade, files: Sequence[str]) -> Step:
    request = done.request
    title = f"Upgrade to chart {request.new} with Connect {request.new.app_version}"
    notes = [
        (
            "--reset-values: the values are those of the files alone; what older upgrades set with --set is in the saved "
            "values, and must be in a file."
        )
    ]
    notes += _between(done)
    command = _helm(done, "upgrade", *_words(done, files))
    return Step("upgrade", title, Mark.COMMAND, tuple(notes), (command,))


def _between(done: Upgrade) -> list[str]:
    """Return what the notes of the charts between say of a stop on the way."""
    old, new = done.request.old, done.request.new
    passed = [one for one in charts.versions() if old.version < one < new.version]
    if not passed:
        return []
    stops = [version for version, row in charts.news() if row.stop and version in passed]
    if stops:
        return [
            f"Stop at {', '.join(map(str, stops))} on the way, as the notes of the chart say: the same step for each."
        ]
    return [
        (
            f"One step for all {len(passed) + 1} versions: the notes of the chart name none to stop at. That Connect "
            f"{new.app_version} upgrades the database of {old.app_version} at once is unconfirmed: read its release notes."
        )
    ]


def _check(done: Upgrade, after: dict[str, Tree]) -> Step:
    name = managed.fullname(after, done.request.release)
    commands = [
        here("kubectl", "--namespace", done.request.namespace, "rollout", "status", f"deployment/{name}"),
        here("kubectl", "--namespace", done.request.namespace, "logs", f"deployment/{name}", "--tail=100"),
    ]
    notes = ["The pod becomes ready, its log names no unknown setting, and content opens, renders and deploys."]
    if done.backend is Backend.KUBERNETES:
        place = find(after, ("backends", "kubernetes", "namespace"))
        place = place if isinstance(place, str) and place else done.request.namespace
        commands.append(here("kubectl", "--namespace", place, "get", "jobs,pods"))
        notes.append("Content that runs has a job and a pod of its own.")
    return Step("check", "Check", Mark.COMMAND, (" ".join(notes),), tuple(commands))


def _roll_back(done: Upgrade, after: dict[str, Tree]) -> Step:
    name = managed.fullname(after, done.request.release)
    restores = tuple(
        _of_database("pg_restore", one, "--clean", "--if-exists", f"--dbname={one.name or one.user}", _dump(number))
        for number, one in enumerate(_databases(done, after))
    )
    commands = (
        here("kubectl", "--namespace", done.request.namespace, "scale", f"deployment/{name}", "--replicas=0"),
        *restores,
        _helm(done, "rollback", done.request.release),
    )
    notes = (
        (
            "Only if the upgrade is given up: the saved database first, then the revision before this one; after several "
            "upgrades name the one that the history showed."
        ),
    )
    return Step(BACK, "The way back", Mark.COMMAND, notes, commands)
