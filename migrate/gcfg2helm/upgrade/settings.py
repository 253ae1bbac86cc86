"""Settings of Connect that were renamed or removed: the same rules as for a gcfg, for what is under `config`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.chart import template
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan import build
from gcfg2helm.plan.context import Options
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.merge import emptied
from gcfg2helm.tables import Action
from gcfg2helm.values.tree import MISSING, Carried, Edit, find, same
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.tables import Setting
    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.tree import Path, Tree


class Renames(NamedTuple):
    """The edits under `config`; `reasons` by the setting's key in small letters."""

    edits: list[Edit]
    findings: list[Finding]
    reasons: dict[str, str]


def renames(request: Request, given: dict[str, Tree], backend: Backend | None) -> Renames:
    """Return what becomes of the settings that the new Connect has under another name, or not at all."""
    config = find(given, ("config",))
    made = Renames([], [], {})
    if not isinstance(config, dict):
        return made
    plan = _plan(request, config, backend)
    if plan is None:
        return made
    wanted = {edit.path: edit.value for edit in plan.edits}
    for decision in plan.decisions:
        entry = decision.at.entry
        header = gcfg.header(entry.section, entry.subsection)
        path: Path = ("config", header, entry.name)
        setting = request.tables.find(entry.section, entry.name)
        if setting is None or find(given, path) is MISSING or path[:2] == ("config", "Launcher"):
            continue
        key = f"{header}.{entry.name}"
        if decision.outcome is Outcome.RENAMED and decision.path[:1] == ("config",):
            _rename(made, path, decision.path, find(given, path), wanted.get(decision.path))
            name = ".".join(decision.path[1:])
            _say(made, "G2H202", key, f"{key} is now {name}. {decision.reason}", path)
            made.reasons.setdefault(name.lower(), f"It was {key}. {decision.reason}")
        elif decision.outcome in (Outcome.DROPPED, Outcome.SUPERSEDED) and _is_removed(request, setting, backend):
            made.edits.append(Edit(path, remove=True))
            _say(made, "G2H201", key, f"{key} goes. {decision.reason}", path)
    return made._replace(edits=_without_emptied(config, made.edits))


def _without_emptied(config: dict[str, Tree], edits: list[Edit]) -> list[Edit]:
    """Return the edits with a section that loses all of its settings removed as a whole."""
    gone = emptied(edits, config)
    if len(gone) == len(config) and all(edit.remove for edit in edits):
        return [Edit(("config",), remove=True)]
    left = [edit for edit in edits if edit.path[1] not in gone]
    return [*(Edit(("config", section), remove=True) for section in gone), *left]


def _say(made: Renames, code: str, key: str, what: str, path: Path) -> None:
    if key.lower() not in made.reasons:
        made.reasons[key.lower()] = what
        made.findings.append(finding(code, what, path=path))


def _rename(made: Renames, path: Path, to: Path, old: object, new: Tree) -> None:
    if any(edit.path == to for edit in made.edits):
        return
    carried = (Carried(path, to),)
    if new is None:
        return
    value = old if same(new, old) or [str(new)] == [str(old)] else new
    made.edits.append(Edit(path, remove=True))
    made.edits.append(Edit(to, value, origin=path, carried=carried))  # type: ignore[arg-type]


def _is_removed(request: Request, setting: Setting, backend: Backend | None) -> bool:
    """Whether the new Connect does not have a setting any more, or it means nothing to it in the cluster."""
    if not setting.until:
        return False
    rule = setting.rule(request.new.version, backend or Backend.LAUNCHER)
    return rule.action is Action.DROP and Version.parse(setting.until) <= Version.parse(request.new.app_version)


def _plan(request: Request, config: dict[str, Tree], backend: Backend | None) -> Plan | None:
    """Plan what is under `config` as if it were a gcfg; None where it is none."""
    try:
        document = gcfg.parse(template.ini(config), request.files[0][0])
    except (gcfg.GcfgError, template.Stop):
        return None
    return build.build(
        [(request.files[0][0], document)], request.tables, chart=request.new, backend=backend or Backend.LAUNCHER,
        release=request.release, namespace=request.namespace, options=Options(secrets=SecretMode.INLINE),
    )  # fmt: skip
