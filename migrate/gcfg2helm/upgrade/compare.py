"""The proof of an upgrade: what Connect reads from the two renderings, setting by setting, and why it may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.chart import Origin, Rendered
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.proof import reading
from gcfg2helm.upgrade.model import Row, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.plan.context import Group
    from gcfg2helm.plan.grouping import Groups, Key
    from gcfg2helm.upgrade.model import Request


class Reasons(NamedTuple):
    """Why settings differ, each by its key in small letters: new names, new defaults, rows of the table."""

    renamed: Mapping[str, str]
    defaults: Mapping[str, str]
    went: Mapping[str, str]


def compared(
    request: Request, before: Rendered, after: Rendered, reasons: Reasons
) -> tuple[Sequence[Row], list[Finding]]:
    """Return a row for each setting of either rendering, and a finding for each difference without a reason."""
    olds, news = _groups(request, before), _groups(request, after)
    rows: list[Row] = []
    found: list[Finding] = []
    for key in dict.fromkeys((*olds, *news)):
        row = _row(key, olds.get(key), news.get(key), (before, after), reasons)
        rows.append(row)
        if row.status is Status.DIFFERENT:
            was, becomes = (("nothing" if one is None else str(one)) for one in (row.before, row.after))
            what = f"{row.setting}: Connect reads {was} today, and would read {becomes}."
            found.append(finding("G2H810", what, "Report it, and compare the renderings.", path=row.path))
        elif row.status is Status.CHART:
            found.append(finding("G2H809", f"{row.setting}: {row.reason}", path=row.path))
    return rows, found


def _groups(request: Request, rendered: Rendered) -> Groups:
    return group_entries([("rstudio-connect.gcfg", gcfg.parse(rendered.gcfg))], request.tables)


def _row(
    key: Key, old: Group | None, new: Group | None, renderings: tuple[Rendered, Rendered], reasons: Reasons
) -> Row:
    group = new or old
    if group is None:
        raise ValueError("a setting of neither rendering")
    path = ("config", group.header, group.setting.name)
    hide = reading.is_secret(path, group.setting)
    before, after = (reading.shown(one.values, hide=hide) if one else None for one in (old, new))
    status, reason = _status(key, old, new, renderings, reasons)
    return Row(status, group.key, before, after, reason, path)


def _status(
    key: Key, old: Group | None, new: Group | None, renderings: tuple[Rendered, Rendered], reasons: Reasons
) -> tuple[Status, str]:
    """Return what becomes of a setting, and why."""
    if old and new and reading.of(new.setting, old.values) == reading.of(new.setting, new.values):
        return Status.SAME, ""
    low = f"{gcfg.header(*key[:2])}.{key[2]}".lower()
    if low in reasons.renamed:
        return Status.RENAMED, reasons.renamed[low]
    if low in reasons.went:
        return Status.RENAMED if new else Status.GONE, reasons.went[low]
    if all(_written(one, rendering) for one, rendering in zip((old, new), renderings, strict=True) if one):
        which = "Only the new chart" if old is None else "Only today's chart" if new is None else "Each chart"
        return Status.CHART, f"{which} writes it, by itself."
    if low in reasons.defaults:
        return Status.DEFAULT, reasons.defaults[low]
    return Status.DIFFERENT, ""


def _written(group: Group, rendered: Rendered) -> bool:
    """Whether the chart, and nobody else, wrote every line of a setting."""
    return all(
        rendered.origins.get((gcfg.header(at.entry.section, at.entry.subsection), at.entry.name)) is Origin.MANAGED
        for at in group.live
    )
