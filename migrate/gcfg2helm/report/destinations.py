"""Where a setting goes, for each range of chart versions and each back end: the tables read the way people ask them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.chart import KUBERNETES_SINCE
from gcfg2helm.enums import Backend
from gcfg2helm.tables import Action, Rule, Setting, Subsection, Tables
from gcfg2helm.values.paths import dotted
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_NAME = "NAME"


class Destination(NamedTuple):
    """What one rule does with a setting, in a range of chart versions; `backend` None: with either back end."""

    span: Span
    backend: Backend | None
    rule: Rule

    @property
    def when(self) -> str:
        """The charts and the back end in words; empty where it is always so."""
        words = [] if self.span == Span() else [f"charts {self.span}"]
        return ", ".join([*words, *([f"back end {self.backend.value}"] if self.backend else [])])


def destinations(setting: Setting) -> list[Destination]:
    """Return every destination of a setting, in the order of charts; carrying over where no row says otherwise."""
    if all(rule.backend is None for rule in setting.rules):
        return [Destination(span, None, rule) for span, rule in _ranges(setting, Backend.LAUNCHER, charts.OLDEST)]
    first = {Backend.LAUNCHER: charts.OLDEST, Backend.KUBERNETES: KUBERNETES_SINCE}
    return [
        Destination(span, backend, rule)
        for backend, oldest in first.items()
        for span, rule in _ranges(setting, backend, oldest)
    ]


def _ranges(setting: Setting, backend: Backend, oldest: Version) -> Iterator[tuple[Span, Rule]]:
    """Yield the ranges in which one rule holds; there is no bound where the supported versions end."""
    bounds = {bound for rule in setting.rules for bound in rule.span if bound is not None and bound > oldest}
    starts: list[tuple[Version, Rule]] = []
    for start in (oldest, *sorted(bounds)):
        rule = setting.rule(start, backend)
        if not starts or starts[-1][1] is not rule:
            starts.append((start, rule))
    for number, (start, rule) in enumerate(starts):
        before = starts[number + 1][0] if number + 1 < len(starts) else None
        yield Span(start if number else None, before), rule


def newest(setting: Setting) -> Rule:
    """Return the rule for the newest known chart with its launcher."""
    return setting.rule(charts.NEWEST, Backend.LAUNCHER)


def place(setting: Setting, rule: Rule, tables: Tables, subsection: str | None = None) -> str:
    """Return in words where a rule puts a setting; a path in the values where it puts it there."""
    match rule.action:
        case Action.CARRY:
            return under_config(setting, subsection)
        case Action.RENAME:
            target = tables.setting(rule.setting)
            return under_config(target, subsection) if target else "another setting under config"
        case Action.MOVE:
            return dotted(rule.to) or "another value of the chart"
        case Action.CHART:
            return "written by the chart"
        case Action.DROP:
            return "left out"


def under_config(setting: Setting, subsection: str | None = None) -> str:
    """Return where a carried setting is: a path under `config`; for a secret what takes its place."""
    header = gcfg.header(setting.section, (subsection or ANY_NAME) if _named(setting, subsection) else None)
    path = dotted(("config", header, setting.name))
    if not setting.secret:
        return path
    if in_second_file(setting, subsection):
        return f"{path} in the second values file"
    return f"the environment variable {variable(setting)}, from a Secret"


def in_second_file(setting: Setting, subsection: str | None = None) -> bool:
    """Whether a secret is one for the second values file, since no variable is documented for it."""
    return _named(setting, subsection) or setting.multi


def _named(setting: Setting, subsection: str | None) -> bool:
    return subsection is not None or setting.subsection is Subsection.REQUIRED


def variable(setting: Setting) -> str:
    """Return the environment variable that sets the setting in a section without a name."""
    return f"CONNECT_{setting.section}_{setting.name}".upper()


def actions(setting: Setting) -> list[Action]:
    """Return what becomes of a setting in any version and with any back end, each once."""
    return list(dict.fromkeys(one.rule.action for one in destinations(setting)))


def first_chart(release: str) -> Version | None:
    """Return the first chart whose Connect is that release or newer; None where no known one is."""
    wanted = Version.parse(release)
    return next((one for one in charts.versions() if Version.parse(charts.app_version(one)) >= wanted), None)
