"""The published versions of the chart, each with its Connect and its default values: tables read by version."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import gcfg2helm_mappings
from gcfg2helm.chart.model import Chart
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Path, Tree

_VERSION = re.compile(r"\d+\.\d+\.\d+")


# By what the table says of a path (`empty`): what Go's `if`, its `range` and printing take for nothing.
EMPTY: dict[bool | str, tuple[Tree, ...]] = {
    True: (None, False, 0, "", [], {}),
    "range": (None, [], {}),
    "printed": (None, ""),
}


@cache
def _table(name: str) -> dict[str, Any]:
    return gcfg2helm_mappings.read("chart", f"{name}.toml")


def versions() -> tuple[Version, ...]:
    """Return the published versions that are supported, ascending."""
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


def in_order() -> dict[str, Tree]:
    """Return the keys of the chart's values.yaml in its own order, two levels deep; the values mean nothing."""
    return {key: dict.fromkeys(inner) for key, inner in _table("order")["order"].items()}


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


def takes_any_key(chart: Version, path: Path) -> bool:
    """Whether a version hands a map on as it is, so that any key may be there."""
    _, free = _paths(chart)
    return any(path[:length] in free for length in range(1, len(path) + 1))


def described(path: Path) -> dict[str, str]:
    """Return what the tables tell of a value of the chart: `is`, one sentence, and `kind`; either may be absent."""
    told: dict[str, str] = _table("values").get("/".join(path), {})
    return told


def effects() -> list[tuple[Path, dict[str, Any]]]:
    """Return the rows of `chart/effects.toml`, one for each path of the chart's values outside `config`."""
    return [(tuple(path.split("/")), row) for row in _table("effects")["value"] for path in row["paths"]]


@cache
def left_out() -> dict[Path, tuple[Tree, ...]]:
    """Return, by path, the values that the templates take for nothing there, so that the chart leaves it out."""
    return {path: EMPTY[row["empty"]] for path, row in effects() if row.get("empty")}


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


class News(NamedTuple):
    """What the notes of the chart say of a version; `local` as in the table, None for everybody."""

    text: str
    stop: bool = False
    local: bool | None = None


@cache
def news() -> tuple[tuple[Version, News], ...]:
    """Return what the notes of the versions say that no value can tell, ascending."""
    rows = {Version.parse(version): News(**row) for version, row in _table("news").items()}
    return tuple(sorted(rows.items()))


@cache
def digests(chart: Version) -> dict[str, str]:
    """Return a digest of each template of a version, by its path in the chart."""
    found = {path: _at(steps, chart) for path, steps in _table("templates").items()}
    return {path: digest for path, digest in found.items() if isinstance(digest, str)}


def at_most(version: Version) -> Version:
    """Return the newest published version that is not newer than this one. Raises KeyError for one older than all."""
    older = [one for one in versions() if one <= version]
    if not older:
        raise KeyError(version)
    return older[-1]


def paths(chart: Version) -> frozenset[Path]:
    """Return every path of a version's values.yaml, those of maps among them."""
    return _paths(chart)[0]


def free(chart: Version) -> frozenset[Path]:
    """Return the paths of a version's values.yaml below which any key goes."""
    return _paths(chart)[1]


@cache
def known(version: Version) -> Chart:
    """Return a published version as the tables have it. Raises KeyError for a version that was not published."""
    return Chart(version, app_version(version), defaults(version))


def newest() -> Chart:
    """Return the newest version that the tables know."""
    return known(NEWEST)


OLDEST, *_, NEWEST = versions()
KUBERNETES_SINCE = Version(0, 9, 0)  # the first chart with the Kubernetes runner as a back end
