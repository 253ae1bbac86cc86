"""What no single row can tell: names of functions, findings and settings that do not exist, renames in a circle.

It needs the whole program, so only a site's own tables are checked at each start; the tests check ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.enums import Backend
from gcfg2helm.findings import codes
from gcfg2helm.plan.transforms import TRANSFORMS
from gcfg2helm.plan.transforms.legacy import LEGACY
from gcfg2helm.tables import Action, types
from gcfg2helm.tables.rows import Problem
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.tables import Rule, Setting, Tables


_SENTENCE = re.compile(r"[A-Z](?:[^.!?\n]|[.!?](?=\S))*[^\s.!?]\.")


def check(tables: Tables, problems: list[Problem]) -> None:
    """Add every problem of the tables as a whole."""
    for setting in tables:
        problems += (Problem(setting.origin, setting.name, message) for message in of_setting(setting))
        for number, rule in enumerate(setting.rules, 1):
            row = f"{setting.name}.rules[{number}]"
            problems += (Problem(rule.origin, row, message) for message in _of_rule(rule))
            problems += (Problem(rule.origin, row, message) for message in _of_rename(tables, setting, rule))
    for legacy in tables.legacy:
        if legacy.transform and legacy.transform not in LEGACY:
            what = f"transform: no function {legacy.transform!r} for values of older charts"
            problems.append(Problem(legacy.origin, ".".join(legacy.path), what))


def of_setting(setting: Setting) -> Iterator[str]:
    """Yield what is wrong with a setting by itself."""
    if setting.since_at_latest and not setting.since:
        yield "since_at_latest needs `since`"
    if setting.since and setting.until and Version.parse(setting.since) >= Version.parse(setting.until):
        yield f"since {setting.since} is not before until {setting.until}"
    if setting.description and not _SENTENCE.fullmatch(setting.description):
        yield "description: one sentence with a full stop at its end"
    if setting.default_source and not setting.default:
        yield "default_source needs `default`"
    if setting.default and (wanted := types.misfit(setting, setting.default)):
        yield f"default: {setting.default!r} is not {wanted}"
    for value in setting.values:
        if types.meaning(setting.kind, value) is None:
            yield f"values: {value!r} does not fit the type {setting.kind.value}"


def _of_rule(rule: Rule) -> Iterator[str]:
    if rule.transform and rule.transform not in TRANSFORMS:
        yield f"transform: no function {rule.transform!r}"
    if rule.finding and rule.finding not in codes():
        yield f"finding: no finding {rule.finding}"
    if rule.setting and rule.action is not Action.RENAME:
        yield f"setting: only for rename, not for {rule.action.value}"
    if rule.to and rule.action in (Action.CARRY, Action.RENAME):
        yield f"to: not for {rule.action.value}"
    if rule.span.before is not None and rule.span.before <= charts.OLDEST:
        yield f"no supported chart version lies before {rule.span.before}"


def _of_rename(tables: Tables, setting: Setting, rule: Rule) -> Iterator[str]:
    """A rename must lead to a listed setting that keeps its name: nobody follows a second step."""
    if not rule.setting:
        return
    target = tables.setting(rule.setting)
    if target is None:
        near = tables.nearest(*rule.setting.partition(".")[::2], count=1)
        yield f"setting: {rule.setting} is not listed" + (f"; {near[0]} is" if near else "")
        return
    said: set[tuple[str, ...]] = set()
    for chart in charts.versions():
        for backend in Backend:
            if not rule.applies(chart, backend) or (names := _steps(tables, setting, chart, backend)) in said:
                continue
            said.add(names)
            if names[-1] in names[:-1]:
                yield f"renames go in a circle: {' to '.join(names)}"
            elif len(names) > 2:
                yield f"{target.key} is itself renamed: name {names[-1]}"


def _steps(tables: Tables, setting: Setting, chart: Version, backend: Backend) -> tuple[str, ...]:
    """Return the names that renames lead through, up to one that stays or one that comes again."""
    names = [setting.key]
    while True:
        rule = setting.rule(chart, backend)
        target = tables.setting(rule.setting) if rule.setting else None
        if target is None:
            return tuple(names)
        names.append(target.key)
        if target.key in names[:-1]:
            return tuple(names)
        setting = target
