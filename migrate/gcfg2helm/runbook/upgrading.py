"""The steps of an upgrade: save, look, upgrade, check, and the way back, with the names of this release."""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import managed
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Command, Level
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.postgres import databases
from gcfg2helm.runbook import saving
from gcfg2helm.runbook.model import BACK, Mark, Step
from gcfg2helm.runbook.server import here, said
from gcfg2helm.values.tree import find

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.postgres import Database
    from gcfg2helm.upgrade.model import Upgrade
    from gcfg2helm.values.tree import Tree

_CHART = "rstudio/rstudio-connect"


def steps(done: Upgrade, findings: Sequence[Finding], files: Sequence[str], command: Sequence[str] = ()) -> list[Step]:
    """Return the steps of an upgrade, decisions first. `files` are the names that the new values have, in Helm's order.

    `command` are the words that write them.
    """
    request = done.request
    own = (find(one.tree, request.prefix) for one in done.files.values())
    after = charts.merge(request.new.defaults, *(tree for tree in own if isinstance(tree, dict)))
    settled = {"G2H807"}
    made = [
        _open(findings, Level.ERROR, "errors", "Settle what stops the upgrade", settled),
        _dependency(done, files),
        _open(findings, Level.WARNING, "warnings", "Settle the open questions", settled),
        _save_release(done),
        _write(command, files),
        _save_data(done, after),
        _repository(done, files),
        _look(done, files),
        _accounts(findings),
        _upgrade(done, files),
        _check(done, after),
        _roll_back(done, after),
    ]
    return sorted((step for step in made if step), key=lambda step: step.mark is not Mark.DECISION)


def _write(command: Sequence[str], files: Sequence[str]) -> Step | None:
    if not command:
        return None
    folders = sorted({str(PurePath(name).parent) for name in files} - {"."}) if "-o" in command else []
    commands = (*(here("mkdir", "-p", name) for name in folders), here(*command))
    return Step("write", "Write the new values, again after each answer", Mark.COMMAND, (), commands)


def _open(findings: Sequence[Finding], level: Level, name: str, title: str, settled: set[str]) -> Step | None:
    found = [one for one in findings if one.level is level and one.code not in settled]
    if not found:
        return None
    codes = tuple(dict.fromkeys(one.code for one in found))
    commands = tuple(command for one in found for command in one.commands)
    return Step(name, title, Mark.DECISION, tuple(map(said, found)), commands, codes)


def _helm(done: Upgrade, *words: str) -> Command:
    return here("helm", *words, "--namespace", done.request.namespace)


def _kept(done: Upgrade) -> dict[str, str]:
    """Return the names of what is kept of the release: revision, values, manifest."""
    release = done.request.release
    files = {what: f"{release}-{what}-before.yaml" for what in ("values", "manifest")}
    return {"revision": f"{release}-revision-before", **files}


def _save_release(done: Upgrade) -> Step:
    release, kept = done.request.release, _kept(done)
    metadata = _helm(done, "get", "metadata", release).text
    commands = (
        _helm(done, "history", release),
        saving.once(kept["revision"], f"{metadata} | sed -n 's/^REVISION: *//p'"),
        saving.once(kept["values"], _helm(done, "get", "values", release, "--output", "yaml").text),
        saving.once(kept["manifest"], _helm(done, "get", "manifest", release).text),
    )
    notes = ("These files record what runs today, for the roll-back; existing ones are kept.",)
    return Step("save-release", "Save what Helm knows of the release", Mark.COMMAND, notes, commands)


def _databases(done: Upgrade, after: dict[str, Tree]) -> list[Database]:
    request = done.request
    backend = done.backend or Backend.LAUNCHER
    ctx = Context(
        request.tables, {}, request.new, backend, request.release, request.namespace, Options(), after, None
    )  # fmt: skip
    return databases(ctx)


def _save_data(done: Upgrade, after: dict[str, Tree]) -> Step:
    known = saving.saved(_databases(done, after), "upgrade")
    commands = tuple(saving.dumps(known))
    notes = [
        (
            "Connect migrates its database at the first start of a newer version, and an older one then refuses it: the "
            "roll-back needs the dump. An existing dump is kept, so move an older one away first."
        )
    ]
    if not known:
        notes.append("The values do not say where the database is: have its administrators save it.")
    notes.append("Take a snapshot of the storage too, where it can do that.")
    return Step("save-data", "Save the database and the storage", Mark.COMMAND if commands else Mark.DECISION, tuple(notes), commands)  # fmt: skip


def _accounts(findings: Sequence[Finding]) -> Step | None:
    found = [one for one in findings if one.code == "G2H807"]
    if not found:
        return None
    commands = tuple(command for one in found for command in one.commands)
    notes = tuple(one.what for one in found)
    return Step("service-accounts", "Label the service accounts of content", Mark.COMMAND, notes, commands, ("G2H807",))


def _chart(done: Upgrade) -> list[str]:
    """Return the words that name the new chart: its files where they are at hand, else the repository's."""
    new = done.request.new
    return [str(new.source)] if new.source else [_CHART, "--version", str(new)]


def _words(done: Upgrade, files: Sequence[str]) -> list[str]:
    """Return what `helm upgrade` is told: the chart, or the chart around it, and the values alone."""
    given = [word for name in files for word in ("-f", name)]
    if done.request.prefix:
        return [done.request.release, _folder(files), "--reset-values", *given]
    return [done.request.release, *_chart(done), "--reset-values", *given]


def _repository(done: Upgrade, files: Sequence[str]) -> Step | None:
    if done.request.new.source and not done.request.prefix:
        return None
    commands = [
        here("helm", "repo", "add", "rstudio", "https://helm.rstudio.com"),
        here("helm", "repo", "update", "rstudio"),
    ]
    notes: tuple[str, ...] = ()
    if done.request.prefix:
        lock = shlex.quote(str(PurePath(_folder(files)) / "Chart.lock"))
        commands += [
            here("helm", "dependency", "update", _folder(files)),
            Command(f"grep -A 2 -- '- name: {managed.NAME}$' {lock} | grep 'version: {done.request.new}$'"),
        ]
        notes = (f"The last command fails while Chart.yaml does not name {done.request.new} yet.",)
    return Step("repository", "Get the new chart", Mark.COMMAND, notes, tuple(commands))


def _dependency(done: Upgrade, files: Sequence[str]) -> Step | None:
    if not done.request.prefix:
        return None
    name = PurePath(_folder(files)) / "Chart.yaml"
    notes = (f"In {name}, set the version of the dependency {managed.NAME} to {done.request.new}.",)
    return Step("dependency", "Set the new version in your own chart", Mark.DECISION, notes)


def _folder(files: Sequence[str]) -> str:
    return str(PurePath(files[0]).parent)


def _look(done: Upgrade, files: Sequence[str]) -> Step:
    given = [word for name in files for word in ("-f", name)]
    chart = [_folder(files)] if done.request.prefix else _chart(done)
    words = ("template", done.request.release, *chart, *given, "--is-upgrade", "--skip-tests")
    rendered = _helm(done, *words).text
    before = shlex.quote(_kept(done)["manifest"])
    commands = (
        Command(f"{rendered} | {{ diff -u {before} - || [ $? -eq 1 ]; }}"),
        Command(f"{rendered} | kubectl apply --dry-run=server -f -"),
    )
    notes = ("The first command shows what changes, the second lets the cluster check it, and keeps nothing.",)
    return Step("look", "Review what changes in the cluster", Mark.COMMAND, notes, commands)


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
            f"Stop at {', '.join(map(str, stops))} on the way, as the chart's notes ask: repeat this step for each."
        ]
    return [
        (
            f"One step for all {len(passed) + 1} versions: the chart's notes ask for no stop between. Whether Connect "
            f"{new.app_version} upgrades the database of {old.app_version} in one step is unconfirmed: read its release notes."
        )
    ]


def _check(done: Upgrade, after: dict[str, Tree]) -> Step:
    name = managed.fullname(after, done.request.release)
    commands = [
        here(
            "kubectl", "--namespace", done.request.namespace, "rollout", "status", f"deployment/{name}", "--timeout=15m"
        ),
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
    name, kept = managed.fullname(after, done.request.release), _kept(done)
    back = _helm(done, "rollback", done.request.release).text
    commands = (
        here("kubectl", "--namespace", done.request.namespace, "scale", f"deployment/{name}", "--replicas=0"),
        *saving.restores(saving.saved(_databases(done, after), "upgrade")),
        Command(f'{back} "$(cat {shlex.quote(kept["revision"])})"'),
        here(
            "kubectl", "--namespace", done.request.namespace, "rollout", "status", f"deployment/{name}", "--timeout=15m"
        ),
    )
    notes = ("Only to abandon the upgrade: first the saved database, then the earlier revision.",)
    return Step(BACK, "Roll back", Mark.COMMAND, notes, commands)
