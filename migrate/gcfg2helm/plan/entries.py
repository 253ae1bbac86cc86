"""What is odd about the entries themselves, whatever becomes of them: findings about lines of the gcfg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import finding
from gcfg2helm.plan import connect as connects
from gcfg2helm.tables import Source
from gcfg2helm.tables.types import misfit, same
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.findings import Finding
    from gcfg2helm.plan.context import Context, Group
    from gcfg2helm.plan.decisions import Located

# Looking for the nearest name takes a millisecond; a file with more unknown names than this is no misspelt one.
_SUGGESTIONS = 30
MOST_UNKNOWN = 10_000  # findings; a file with more is no configuration of Connect


def superseded(group: Group, at: Located, environment: str) -> tuple[str, Finding]:
    """Return why an entry has no effect, and the finding that says so; `environment` names the source that overrides."""
    if group.live and group.last.file == environment:
        what = f"{group.key} is set by the environment; this line has no effect."
        return "The environment of the old service overrides it.", finding("G2H112", what, place=at.place)
    emptied = group.setting.multi or at.entry.value is None
    reason = "A name without `=` empties what was collected so far." if emptied else "A later line wins."
    code, what = "G2H105", "is set to the same value again later"
    if emptied:
        code, what = "G2H113", "is emptied by a name without `=`"
    elif not same(group.setting.kind, at.entry.value or "", group.value):
        code, what = "G2H114", f"has another value on line {group.last.place.line}"
    return reason, finding(code, f"{group.key} {what}; this line has no effect.", place=at.place)


def odd(ctx: Context, group: Group, unknown: int) -> Iterator[Finding]:
    """Yield what is odd about the entries of a setting; `unknown` counts the unknown settings so far, this one included."""
    setting, place = group.setting, group.last.place
    if not group.known and unknown <= MOST_UNKNOWN:
        near = ctx.tables.nearest(setting.section, setting.name) if unknown <= _SUGGESTIONS else []
        todo = f"Did you mean {near[0]}?" if near else "Check the name against the documentation of your Connect."
        rest = " Nor are more of this file's settings, which are not named one by one."
        what = f"{group.key} is an unknown setting.{rest if unknown == MOST_UNKNOWN else ''}"
        yield finding("G2H101", what, todo, place)
    elif group.known and setting.source is Source.UNCONFIRMED:
        what = f"{group.key} is known from a single sighting, not from documentation."
        yield finding("G2H107", what, "", place, link=setting.link)
    if len(group.live) > 1 and not setting.multi:
        yield finding("G2H110", f"{group.key} is set {len(group.live)} times.", "", place)
    for at in group.live:
        if at.entry.cut:
            what = f"The value of {group.key} ends at a `;` or `#` outside quotes."
            todo = "If the whole text was meant, quote it in the gcfg and convert again."
            yield finding("G2H102", what, todo, at.place)
        if group.known and (wanted := misfit(setting, "true" if at.entry.value is None else at.entry.value)):
            yield finding("G2H103", f"{group.key} should be {wanted}.", "", at.place)


def early(ctx: Context, group: Group) -> Finding | None:
    """Return a warning where a setting came, or may have come, after the Connect that starts here; None where not."""
    setting, connect = group.setting, ctx.connect
    if not setting.since or connect is None or Version.parse(setting.since) <= connect:
        return None
    own = connect == connects.version(ctx.chart.app_version)
    starts = f"chart {ctx.chart} starts {ctx.chart.app_version}" if own else f"here Connect {ctx.reads} starts"
    if setting.since_at_latest:
        what = f"{group.key} was first seen in Connect {setting.since}; {starts}."
        return finding("G2H106", what, "Check that this Connect knows it.", group.last.place)
    what = f"{group.key} came with Connect {setting.since}; {starts}."
    todo = "Choose a newer chart version." if own else "Choose a newer Connect."
    return finding("G2H104", what, todo, group.last.place)
