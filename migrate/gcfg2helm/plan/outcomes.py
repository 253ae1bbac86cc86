"""How a transform says what it decided: a `Result` with the one finding that every such outcome makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.context import Context, Group, Result
from gcfg2helm.plan.decisions import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gcfg2helm.tables import Rule, Setting
    from gcfg2helm.values.tree import Edit, Path


def carried(
    values: Sequence[str] | None = None,
    *,
    findings: Iterable[Finding] = (),
    edits: Iterable[Edit] = (),
    reason: str = "",
) -> Result:
    """Keep the setting under `config`, with other values where `values` is given."""
    return Result(Outcome.CARRIED, values, edits=tuple(edits), findings=tuple(findings), reason=reason)


def dropped(group: Group, rule: Rule, reason: str = "", findings: Iterable[Finding] = ()) -> Result:
    """Leave the setting out, and say why; `findings` stand in place of the usual one where there are any."""
    why = reason or rule.reason
    return Result(Outcome.DROPPED, findings=tuple(findings) or (said("G2H201", group, rule, why),), reason=why)


def by_chart(group: Group, rule: Rule, reason: str = "", findings: Iterable[Finding] = ()) -> Result:
    """Leave the setting to the chart, which writes it itself."""
    why = reason or rule.reason
    return Result(Outcome.CHART, findings=(said("G2H204", group, rule, why), *findings), reason=why)


def moved(
    group: Group, rule: Rule, path: Path = (), edits: Iterable[Edit] = (), findings: Iterable[Finding] = ()
) -> Result:
    """Move the setting to another value of the chart; `path` is where it is (else the rule's)."""
    path = path or rule.to
    note = said("G2H203", group, rule, rule.reason, path)
    return Result(Outcome.MOVED, edits=tuple(edits), findings=(note, *findings), path=path)


def renamed(
    ctx: Context,
    group: Group,
    rule: Rule,
    values: Sequence[str] | None = None,
    *,
    setting: str = "",
    subsection: str | None = None,
    edits: Iterable[Edit] = (),
    findings: Iterable[Finding] = (),
) -> Result:
    """Carry the setting under its new name, `setting` or the rule's; one that the tables do not list is carried as it is."""
    target: Setting | None = ctx.tables.setting(setting or rule.setting)
    if target is None:
        return carried(findings=findings)
    what = f"{group.key} is now {target.key}. {rule.reason}".rstrip()
    note = finding(rule.finding or "G2H202", what, rule.todo, group.last.place, link=rule.link or group.setting.link)
    return Result(Outcome.RENAMED, values, target, subsection, tuple(edits), (note, *findings))


def unused_options(path: Path, options: Mapping[str, str]) -> list[Finding]:
    """Return the finding for options that come too late: values.yaml answers at `path` already."""
    unused = [f"{name} {value}" for name, value in options.items() if value]
    what = f"{'.'.join(path)} stays as values.yaml has it; {' and '.join(unused)} is not used."
    return [finding("G2H209", what, path=path)] if unused else []


def said(code: str, group: Group, rule: Rule, why: str = "", path: Path = ()) -> Finding:
    """Return the finding of an outcome: the rule's own code, else `code`, with the reason `why` or the rule's."""
    reason = why or rule.reason
    what = f"{group.key}: {reason}" if reason else f"{group.key} is set in the file."
    link = rule.link or group.setting.link
    return finding(rule.finding or code, what, rule.todo, group.last.place, path or rule.to, link)
