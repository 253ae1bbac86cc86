"""Charts for the tests: the project's own small one, with the default values of any version, and as it never was."""

from __future__ import annotations

import copy
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm import chart as charts
from gcfg2helm.chart import history, refusals
from gcfg2helm.tables import Tables, loader
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

SMALL = Path(__file__).parent.parent / "connect"
_CACHES: tuple[Any, ...] = (
    history._apps, history.defaults, history.known, history.digests, history._paths,
)  # fmt: skip


def make(folder: Path, version: str, values: dict[str, Any], app_version: str = "2026.08.0") -> Path:
    """Write the small chart into a folder, with a version and default values of its own; returns the chart's folder."""
    shutil.copytree(SMALL, folder / "rstudio-connect")
    chart = folder / "rstudio-connect"
    about = (chart / "Chart.yaml").read_text().replace("0.0.0", version).replace("2026.08.0", app_version)
    (chart / "Chart.yaml").write_text(about)
    (chart / "values.yaml").write_text(json.dumps(values, indent=2))
    return chart


def like(
    folder: Path, known: Version, version: str = "", change: Callable[[dict[str, Any]], object] | None = None
) -> Path:
    """Write the small chart with the default values that the tables have of a version, `change`d, under a version."""
    values = values_of(known)
    if change:
        change(values)
    return make(folder, version or str(known), values, history.app_version(known))


def values_of(version: Version) -> dict[str, Any]:
    """Return the default values of a version, those that are null with them, which the table of defaults leaves out."""
    values: dict[str, Any] = copy.deepcopy(dict(history.defaults(version)))
    for path in sorted(history.paths(version)):
        node: Any = values
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.setdefault(path[-1], None)
    return values


@contextmanager
def forgotten(monkeypatch: pytest.MonkeyPatch, version: Version) -> Iterator[None]:
    """Take a version, and all that came with it and after it, out of every table."""
    read = history._table
    with monkeypatch.context() as patch:
        patch.setattr(history, "_table", lambda name: _cut(name, copy.deepcopy(read(name)), version))
        rows = [_cut_row(row, version) for row in refusals._table()["value"]]
        maps = [_cut_row(row, version) for row in refusals._table()["maps"]]
        cut = {"value": [row for row in rows if row], "maps": [row for row in maps if row]}
        patch.setattr(refusals, "_table", lambda: cut)
        _clear()
        newest = history.versions()[-1]
        assert newest < version
        for module in (history, charts):
            patch.setattr(module, "NEWEST", newest)
        shipped = loader.shipped()
        patch.setattr(loader, "shipped", lambda: _cut_tables(shipped, version))
        yield
    _clear()


def _clear() -> None:
    for cached in _CACHES:
        cached.cache_clear()


def _cut(name: str, table: dict[str, Any], version: Version) -> dict[str, Any]:
    match name:
        case "versions":
            return {
                connect: " ".join(one for one in listed.split() if Version.parse(one) < version)
                for connect, listed in table.items()
            }
        case "paths":
            return {"path": [one for row in table["path"] if (one := _cut_ranges(row, version))]}
        case _:
            return _cut_steps(table, version)


def _cut_ranges(row: dict[str, Any], version: Version) -> dict[str, Any]:
    kept = []
    for part in row["in"].split():
        since, _, before = part.partition("-")
        if part == "*" or Version.parse(since) < version:
            kept.append(part if part == "*" or not before or Version.parse(before) < version else f"{since}-")
    return {**row, "in": " ".join(kept)} if kept else {}


def _cut_steps(node: dict[str, Any], version: Version) -> dict[str, Any]:
    cut: dict[str, Any] = {}
    for key, value in node.items():
        if key == "gone":
            if Version.parse(value) < version:
                cut[key] = value
        elif history._VERSION.fullmatch(key):
            if Version.parse(key) < version:
                cut[key] = value
        elif isinstance(value, dict):
            if below := _cut_steps(value, version):
                cut[key] = below
        else:
            cut[key] = value
    return cut


def _cut_row(row: dict[str, Any], version: Version) -> dict[str, Any]:
    if "from" in row and Version.parse(row["from"]) >= version:
        return {}
    if "before" in row and Version.parse(row["before"]) >= version:
        return {key: value for key, value in row.items() if key != "before"}
    return row


def _cut_tables(tables: Tables, version: Version) -> Tables:
    def cut(rows: Sequence[Any]) -> tuple[Any, ...]:
        kept = [row for row in rows if row.span.since is None or row.span.since < version]
        return tuple(row._replace(span=_cut_span(row.span, version)) for row in kept)

    sections = {
        name: section._replace(
            settings={key: one._replace(rules=cut(one.rules)) for key, one in section.settings.items()}
        )
        for name, section in tables.sections.items()
    }
    return Tables(sections, cut(tables.always), cut(tables.defaults), cut(tables.legacy))


def _cut_span(span: Span, version: Version) -> Span:
    return span._replace(before=None) if span.before is not None and span.before >= version else span
