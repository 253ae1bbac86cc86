"""The rstudio-connect chart, as far as rstudio-connect.gcfg goes: its versions, its defaults, and what it would render."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gcfg2helm import chartconfig, chartrefusals
from gcfg2helm.gotemplate import Stop, a_map, field, ini, overwritten, truth
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.findings import Finding
    from gcfg2helm.values import Path, Tree

OLDEST = Version(0, 3, 0)
NEWEST = Version(0, 21, 0)

_VERSION = re.compile(r"\d+\.\d+\.\d+")


class Origin(Enum):
    """Who says what a line of the rendered gcfg says."""

    USER = "user"
    DEFAULT = "default"
    MANAGED = "managed"


class Rendered(NamedTuple):
    """The gcfg that the chart renders, and for each (section header, key) of it whose value it is."""

    gcfg: str
    origins: Mapping[tuple[str, str], Origin]


class Refused(NamedTuple):
    """The chart would not render with these values; every reason found, not only the first."""

    findings: tuple[Finding, ...]


def versions() -> tuple[Version, ...]:
    """Return the published versions from 0.3.0 on, ascending."""
    return tuple(sorted(_apps()))


def app_version(chart: Version) -> str:
    """Return the Connect that a version of the chart installs. Raises KeyError for a version that was not published."""
    return _apps()[chart]


@cache
def _apps() -> dict[Version, str]:
    return {Version.parse(chart): connect for connect, charts in _table("versions").items() for chart in charts.split()}


@cache
def defaults(chart: Version) -> dict[str, Tree]:
    """Return the default values that matter here; the tree is shared, so it is not to be changed."""
    tree = _at(_table("defaults"), chart)
    return tree if isinstance(tree, dict) else {}


def _at(node: dict[str, Any], chart: Version) -> Tree:
    """Return a branch of the table as it was in one version; None where there was none of it."""
    steps = {key: value for key, value in node.items() if key == "gone" or _VERSION.fullmatch(key)}
    if not steps:
        branch = {key: _at(value, chart) for key, value in node.items()}
        return {key: value for key, value in branch.items() if value is not None} or None
    if "gone" in steps and chart >= Version.parse(steps.pop("gone")):
        return None
    found = [key for key in steps if Version.parse(key) <= chart]
    value: Tree = steps[found[-1]] if found else None
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value


def knows(chart: Version, path: Path) -> bool:
    """Whether a version's values.yaml has a path; below a map that takes any key, everything is known."""
    if path[:1] in (("global",), ("rstudio-library",)):
        return True
    known, free = _paths(chart)
    return path in known or any(path[:length] in free for length in range(1, len(path)))


@cache
def _paths(chart: Version) -> tuple[frozenset[Path], frozenset[Path]]:
    known: set[Path] = set()
    free: set[Path] = set()
    for row in _table("paths")["path"]:
        if not _within(row["in"], chart):
            continue
        free.update(tuple(text.split("/")) for text in row.get("free", ()))
        for text in (*row.get("leaf", ()), *row.get("free", ())):
            path = tuple(text.split("/"))
            known.update(path[:length] for length in range(1, len(path) + 1))
    return frozenset(known), frozenset(free)


def _within(ranges: str, chart: Version) -> bool:
    for part in ranges.split():
        since, _, before = part.partition("-")
        if part == "*" or (Version.parse(since) <= chart and (not before or chart < Version.parse(before))):
            return True
    return False


@cache
def _table(name: str) -> dict[str, Any]:
    import tomllib

    from gcfg2helm.rows import package_folder

    return tomllib.loads((package_folder() / "chart" / f"{name}.toml").read_text("utf-8"))


def merge(below: Mapping[str, Tree], *values: Mapping[str, Tree]) -> dict[str, Tree]:
    """Merge values files in Helm's order over the chart's defaults.

    Maps merge, everything else is replaced as a whole. A null takes away what the defaults have and stays a null where
    they have nothing.
    """
    given: dict[str, Tree] = {}
    for one in values:
        given = overwritten(given, dict(one))
    return _over(dict(below), given)


def _over(below: dict[str, Tree], above: dict[str, Tree]) -> dict[str, Tree]:
    merged = dict(below)
    for key, value in above.items():
        mine = below.get(key)
        if value is None and key in below:
            del merged[key]
        elif isinstance(mine, dict) and isinstance(value, dict):
            merged[key] = _over(mine, value)
        else:
            merged[key] = value
    return merged


def render(chart: Version, values: Sequence[dict[str, Tree]], *, release: str, namespace: str) -> Rendered | Refused:
    """Render the gcfg as `helm template RELEASE -n NAMESPACE -f ... -f ...` would, or say why the chart refuses.

    `values` are in the order of the `-f` options, as `helmyaml.load` reads them. Source of the rules: the templates of
    every published version, and the output of Helm 3.17.3.
    """
    merged = merge(defaults(chart), *values)
    findings = chartrefusals.check(chart, merged, app_version(chart), namespace=namespace)
    try:
        rendered = _render(chart, merged, values, release, namespace)
    except Stop as stop:
        findings.append(chartrefusals.stopped(stop))
    if findings:
        return Refused(tuple(dict.fromkeys(findings)))
    if bad := chartrefusals.unprintable(rendered):
        return Refused((bad,))
    return rendered


def _render(
    chart: Version, merged: dict[str, Tree], values: Sequence[dict[str, Tree]], release: str, namespace: str
) -> Rendered:
    managed = chartconfig.managed(chart, merged, release=release, namespace=namespace)
    config = a_map(field(merged, "config"), ("config",))
    stray, config = chartconfig.without_graphite(chart, merged, config)
    kept = chartconfig.trimmed(chart, config)
    sections = overwritten(dict(managed), kept)
    given = merge({}, *values).get("config")
    origins = {
        (section, key): _origin(section, key, kept, given if isinstance(given, dict) else {})
        for section, keys in sections.items()
        if isinstance(keys, dict)
        for key in keys
    }
    return Rendered(_in_configmap(chart, merged, stray + ini(sections)), origins)


def _in_configmap(chart: Version, merged: dict[str, Tree], gcfg: str) -> str:
    """Return the text as it comes out of the ConfigMap: one newline at the end, and no blanks where it ends the file."""
    followed = (
        (OLDEST, ("launcher", "enabled")),
        (Version(0, 9, 0), ("backends", "kubernetes", "enabled")),
        (Version(0, 21, 0), ("chronicle", "localConfig")),
    )
    last = not any(chart >= since and truth(field(merged, *path)) for since, path in followed)
    kept = gcfg.rstrip() if last else gcfg.rstrip("\n")
    return f"{kept}\n" if kept else ""


def _origin(section: str, key: str, config: Mapping[str, Tree], given: Mapping[str, Tree]) -> Origin:
    def holds(tree: Mapping[str, Tree]) -> bool:
        keys = tree.get(section)
        return isinstance(keys, dict) and key in keys

    if not holds(config):
        return Origin.MANAGED
    return Origin.USER if holds(given) else Origin.DEFAULT
