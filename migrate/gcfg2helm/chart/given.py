"""The chart that the user names (`--chart`): what it says of itself, and what in it the tables do not know.

A chart that is in the tables as it is, is the tables' own. Of every other one the files count: its default values, the
values that went since the newest version that the tables know, and those that came.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart import folder, history
from gcfg2helm.chart.model import Chart
from gcfg2helm.findings import Finding, InputError, finding
from gcfg2helm.values import read
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path as FilePath

    from gcfg2helm.values.tree import Path, Tree

NAME = "rstudio-connect"
_DISTRIBUTION = re.compile(r"\A[a-z][a-z0-9]{0,40}-(?=\d)")
_MOST_NAMED = 6  # differences that a finding names; a chart with more is another chart


class Files(NamedTuple):
    """A chart's own files: what Chart.yaml states, all default values, and a digest of each template by its path."""

    stated: str
    version: Version
    app_version: str
    values: dict[str, Tree]
    digests: Mapping[str, str]


def load(path: FilePath) -> tuple[Chart, list[Finding]]:
    """Read a chart, a folder or a .tgz, and compare it with the tables; the findings say what is not as they have it.

    Raises InputError for what is no rstudio-connect chart that can be used.
    """
    files = unpacked(path)
    if files.version < history.OLDEST:
        raise InputError(f"{path}: chart {files.stated} is too old; charts from {history.OLDEST} on are supported")
    published = files.version in history.versions() and files.stated == str(files.version)
    like = history.at_most(files.version)
    differing = list(_differences(files, like)) if published else []
    if published and not differing:
        known = history.known(files.version)
        return Chart(known.version, known.app_version, known.defaults, source=path), []
    chart = Chart(
        files.version, files.app_version, without_nulls(files.values), known=False, source=path, stated=files.stated,
        published=published, gone=_gone(like, files.values), came=_came(like, files.values),
    )  # fmt: skip
    return chart, list(_said(chart, like, differing))


def unpacked(path: FilePath) -> Files:
    """Return what the files of a chart say, unjudged. Raises InputError for what is no rstudio-connect chart."""
    files = folder.read(path)
    about = _yaml(files, "Chart.yaml", path)
    name = about.get("name")
    if name != NAME:
        raise InputError(f"{path}: this is the chart {str(name)[:60]!r}, not {NAME}")
    stated, app_version = about.get("version"), about.get("appVersion")
    try:
        version = Version.parse(stated if isinstance(stated, str) else "")
    except ValueError:
        raise InputError(f"{path}: Chart.yaml states no version such as {history.NEWEST}") from None
    for one in _dependencies(about):
        if not any(file.startswith(f"charts/{one}/") for file in files):
            what = f"{path}: the chart that it depends on, {one}, is not in its folder charts/"
            raise InputError(f"{what}; use what `helm pull` leaves, or run `helm dependency build {path}`")
    if not any(file.startswith("templates/") for file in files):
        raise InputError(f"{path}: no chart: it has no templates")
    values = _yaml(files, "values.yaml", path) if "values.yaml" in files else {}
    return Files(str(stated), version, _release(app_version), values, _digests(files))


def _yaml(files: Mapping[str, bytes], name: str, path: FilePath) -> dict[str, Tree]:
    try:
        return read.load(files[name].decode("utf-8-sig"), f"{path}/{name}")
    except UnicodeDecodeError:
        raise InputError(f"{path}/{name}: not UTF-8") from None
    except read.YamlError as error:
        raise InputError(f"{error.file}:{error.line}:{error.column}: {error.message}") from None


def _dependencies(about: Mapping[str, Tree]) -> Iterator[str]:
    listed = about.get("dependencies")
    for one in listed if isinstance(listed, list) else ():
        name = (one.get("alias") or one.get("name")) if isinstance(one, dict) else None
        if isinstance(name, str) and not (isinstance(one, dict) and (one.get("condition") or one.get("tags"))):
            yield str(one.get("name")) if isinstance(one, dict) else name


def _release(app_version: Tree) -> str:
    """Return the Connect that appVersion names, without the distribution that old charts put before it."""
    return _DISTRIBUTION.sub("", str(app_version or ""), count=1)


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return a digest of every template; line ends as git or an editor may have changed them make no difference."""
    return {
        path: hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()[:16]
        for path, data in sorted(files.items())
        if "templates/" in path
    }


def without_nulls(tree: Mapping[str, Tree]) -> dict[str, Tree]:
    """Return default values without nulls: a template cannot tell one from a value that is not there."""
    return {
        key: without_nulls(value) if isinstance(value, dict) else value
        for key, value in tree.items()
        if value is not None
    }


# against the tables ----------------------------------------------------------------------------------------------------


def _differences(files: Files, version: Version) -> Iterator[str]:
    """Yield what is not as the tables have it, each in a few words."""
    known = history.digests(version)
    for path in sorted(known.keys() | files.digests.keys(), key=lambda one: (one.startswith("charts/"), one)):
        if path not in files.digests:
            yield f"{path} is missing"
        elif path not in known:
            yield f"{path} is not in the published chart"
        elif known[path] != files.digests[path]:
            yield f"{path} differs"
    connect = history.app_version(version)
    if files.app_version != connect:
        yield f"Chart.yaml: appVersion is {files.app_version or 'missing'}, not {connect}"
    own, theirs = history.defaults(version), without_nulls(files.values)
    for leaf in sorted(set(leaves(own)) | set(leaves(theirs))):
        there, here = find(own, leaf), find(theirs, leaf)
        if there is MISSING and not (leaf[0] != "config" and history.knows(version, leaf)):
            yield f"values.yaml: {dotted(leaf)} is not in the published chart"
        elif here is MISSING:
            yield f"values.yaml: {dotted(leaf)} is missing"
        elif there != here:
            yield f"values.yaml: {dotted(leaf)} differs"


def leaves(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all values that are no map of values."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif path:
        yield path


def _gone(like: Version, values: dict[str, Tree]) -> tuple[Path, ...]:
    """Return the values, outside `config`, that the tables' version has and these default values have not.

    Of a whole map that went only its own path. A chart without any default values says nothing of what went.
    """
    found: list[Path] = []
    for path in sorted(history.paths(like)) if values else ():
        below = bool(found) and path[: len(found[-1])] == found[-1]
        if path[0] != "config" and not below and find(values, path) is MISSING:
            found.append(path)
    return tuple(found)


def _came(like: Version, values: dict[str, Tree]) -> tuple[Path, ...]:
    """Return the values, outside `config`, that the tables' version does not know."""
    return tuple(path for path in leaves(values) if path[0] != "config" and not history.knows(like, path))


def _said(chart: Chart, like: Version, differing: list[str]) -> Iterator[Finding]:
    if chart.published:
        named = "; ".join(differing[:_MOST_NAMED])
        more = f"; and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
        what = f"{chart.source} is not chart {chart} as it was published: {named}{more}. Its own files count."
        yield finding("G2H221", what, "See that this is the chart you mean to install.")
    else:
        newer = f"newer than the newest known, {like}" if chart.version > history.NEWEST else "not known"
        what = f"Chart {chart} is {newer}. Its own default values count, and only real Helm can prove the result."
        yield finding("G2H222", what, "Look for a newer release of this program, and read the chart's NEWS.md.")
    if chart.came:
        named = ", ".join(map(dotted, chart.came[:20])) + (", ..." if len(chart.came) > 20 else "")
        what = f"Chart {chart} has values that chart {like} does not have: {named}."
        yield finding("G2H223", what, "They stay as the chart has them.")
