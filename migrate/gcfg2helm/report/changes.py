"""What changes for a configuration from one version of the chart to another: all from the tables, as data and in words."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gcfg2helm import chart as charts
from gcfg2helm.chart import KUBERNETES_SINCE
from gcfg2helm.enums import Backend
from gcfg2helm.report.destinations import place
from gcfg2helm.report.markdown import cell, table_lines
from gcfg2helm.tables import Action
from gcfg2helm.values import write
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, find, same
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.tables import Rule, Setting, Tables
    from gcfg2helm.values.tree import Path, Tree

SCHEMA_VERSION = 1
_LONGEST = 60  # characters of a default value
_INDENT = " " * 11


@dataclass(frozen=True, slots=True)
class Line:
    """One change: what it is of (a values path, a setting), what it becomes, and why, where that is known."""

    name: str
    becomes: str = ""
    reason: str = ""

    def __str__(self) -> str:
        becomes = f": {self.becomes}" if self.becomes else ""
        return f"{self.name}{becomes}{f' ({self.reason})' if self.reason else ''}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes from one version to a later one, each kind by its name, in the order of reading."""

    older: Version
    newer: Version
    kinds: dict[str, tuple[Line, ...]]

    def __bool__(self) -> bool:
        return any(self.kinds.values())


def backends(version: Version) -> list[Backend]:
    """Return the back ends that a version has, its own default first."""
    found = [one for one in Backend if one is Backend.LAUNCHER or version >= KUBERNETES_SINCE]
    return sorted(found, key=lambda one: not _is_default(version, one))


def _is_default(version: Version, backend: Backend) -> bool:
    path = ("launcher", "enabled") if backend is Backend.LAUNCHER else ("backends", "kubernetes", "enabled")
    return find(charts.defaults(version), path) is True


def between(tables: Tables, older: Version, newer: Version) -> Changes:
    """Return what changes for a configuration between two versions that the tables know.

    `values` are those outside `config`, `defaults` default values of either, `settings` what becomes of a gcfg's lines,
    `note` what the chart's own notes say of a version.
    """
    moved = {row.path: row for row in tables.legacy if row.span.since and older < row.span.since <= newer}
    before, after = _paths(older), _paths(newer)
    gone = sorted(path for path in before - after if not any(path[: len(one)] == one for one in moved))
    kinds = {
        "moved": tuple(
            Line(dotted(row.path), dotted(row.to) or ("deprecated" if row.path in after else "gone"), row.reason)
            for row in moved.values()
        ),
        "gone": tuple(Line(dotted(path)) for path in gone),
        "new": tuple(Line(dotted(path)) for path in sorted(after - before)),
        "default": tuple(_defaults(older, newer, before & after)),
        "setting": tuple(_settings(tables, older, newer)),
        "note": tuple(Line(str(at), one.text) for at, one in charts.news() if older < at <= newer),
    }
    return Changes(older, newer, kinds)


def history(tables: Tables) -> Iterator[Changes]:
    """Yield what changes from each known version to the next, the newest first."""
    known = charts.versions()
    for older, newer in reversed(list(pairwise(known))):
        yield between(tables, older, newer)


def _paths(version: Version) -> set[Path]:
    """Return the values of a version that are on their own: no map of them, nothing of `config`."""
    known = charts.paths(version)
    inner = {path[:length] for path in known for length in range(1, len(path))}
    return {path for path in known - inner if path[0] != "config"}


def _defaults(older: Version, newer: Version, kept: set[Path]) -> Iterator[Line]:
    before, after = charts.defaults(older), charts.defaults(newer)
    for path in sorted({*kept, *_leaves(before.get("config")), *_leaves(after.get("config"))}):
        one, other = find(before, path), find(after, path)
        if one is not other and not same(one, other):
            yield Line(dotted(path), f"{_shown(one)} -> {_shown(other)}")


def _leaves(tree: Tree, path: Path = ("config",)) -> Iterator[Path]:
    if not isinstance(tree, dict):
        yield path
        return
    for key, value in tree.items():
        yield from _leaves(value, (*path, key))


def _shown(value: object) -> str:
    if value is MISSING:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _settings(tables: Tables, older: Version, newer: Version) -> Iterator[Line]:
    """Yield each setting that Connect came to know, or of whose lines something else becomes."""
    connects = [Version.parse(charts.app_version(one)) for one in (older, newer)]
    for setting in tables:
        if setting.since and not setting.since_at_latest and connects[0] < Version.parse(setting.since) <= connects[1]:
            yield Line(setting.key, f"new in Connect {setting.since}")
        if setting.until and connects[0] < Version.parse(setting.until) <= connects[1]:
            yield Line(setting.key, f"gone with Connect {setting.until}")
        said: set[str] = set()
        for backend in Backend:
            if backend is Backend.KUBERNETES and older < KUBERNETES_SINCE:
                continue
            one, other = setting.rule(older, backend), setting.rule(newer, backend)
            becomes = _becomes(setting, one, other, tables)
            if becomes and becomes not in said:
                said.add(becomes)
                yield Line(setting.key, becomes, other.reason)


def _becomes(setting: Setting, one: Rule, other: Rule, tables: Tables) -> str:
    if (one.action, one.to, one.setting) == (other.action, other.to, other.setting):
        return ""
    words = {Action.CARRY: "carried", Action.RENAME: "renamed to ", Action.MOVE: "becomes "}
    if other.action in (Action.RENAME, Action.MOVE):
        return words[other.action] + place(setting, other, tables)
    return words.get(other.action) or place(setting, other, tables)


# in words --------------------------------------------------------------------------------------------------------------


def as_text(found: Iterable[Changes], width: int, *, alone: bool = False) -> Iterator[str]:
    """Yield the lines for a terminal: each version with its Connect and back ends, then what changed.

    `alone`: for two versions, whose reasons are said too.
    """
    for changes in found:
        yield f"{_arrow(changes) if alone else changes.newer}  {_target(changes.newer)}"
        for kind, lines in changes.kinds.items():
            for line in lines:
                text = write.visible(str(line if alone else Line(line.name, line.becomes)))
                yield from textwrap.wrap(
                    f"  {kind:9}{text}", max(width, 40), subsequent_indent=_INDENT, break_long_words=False,
                    break_on_hyphens=False,
                )  # fmt: skip
        if alone and not changes:
            yield "  nothing changes for a configuration"
    if not alone:
        yield f"{charts.OLDEST}  {_target(charts.OLDEST)}"


def _arrow(changes: Changes) -> str:
    return f"{changes.older} -> {changes.newer}"


def _target(version: Version) -> str:
    return f"Connect {charts.app_version(version)}  {', '.join(one.value for one in backends(version))}"


def as_markdown(found: Sequence[Changes], *, alone: bool = False) -> Iterator[str]:
    """Yield the same as Markdown: a table of versions, or of the changes between two."""
    if alone:
        (changes,) = found
        yield f"# Chart {changes.older} to {changes.newer}"
        yield ""
        yield f"Connect {charts.app_version(changes.older)} to {charts.app_version(changes.newer)}."
        yield ""
        rows = [
            [kind, f"`{cell(line.name)}`", cell(line.becomes), cell(line.reason)]
            for kind, lines in changes.kinds.items()
            for line in lines
        ]
        yield from (
            table_lines(["change", "of", "becomes", "reason"], rows)
            if rows
            else ["Nothing changes for a configuration."]
        )
        return
    rows = [
        [
            str(changes.newer),
            charts.app_version(changes.newer),
            ", ".join(one.value for one in backends(changes.newer)),
            "<br>".join(
                f"{kind}: {cell(str(Line(line.name, line.becomes)))}" for kind, lines in changes.kinds.items() for line in lines
            ),
        ]
        for changes in found
    ]  # fmt: skip
    oldest = [str(charts.OLDEST), charts.app_version(charts.OLDEST), Backend.LAUNCHER.value, ""]
    yield from table_lines(["chart", "Connect", "back ends", "what changed"], [*rows, oldest])


def as_data(changes: Changes) -> dict[str, object]:
    """Return changes as data."""
    return {
        "from": str(changes.older),
        "chart": str(changes.newer),
        "connect": charts.app_version(changes.newer),
        "backends": [one.value for one in backends(changes.newer)],
        "changes": [
            {"kind": kind, "name": line.name, "becomes": line.becomes or None, "reason": line.reason or None}
            for kind, lines in changes.kinds.items()
            for line in lines
        ],
    }


def as_json(found: Sequence[Changes], *, alone: bool = False) -> str:
    """Return all as JSON text: the known charts, or the changes between two."""
    if alone:
        made: dict[str, object] = {"schema": SCHEMA_VERSION, **as_data(found[0])}
    else:
        oldest = {
            "from": None, "chart": str(charts.OLDEST), "connect": charts.app_version(charts.OLDEST),
            "backends": [Backend.LAUNCHER.value], "changes": [],
        }  # fmt: skip
        made = {"schema": SCHEMA_VERSION, "charts": [*map(as_data, found), oldest]}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
