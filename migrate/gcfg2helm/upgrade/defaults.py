"""Defaults that changed between two charts: written into the values as they were, or taken over with the new chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm.chart import managed
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.merge import RUNTIME_YAML, brief
from gcfg2helm.tables import Changed, Upgrade
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, find, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.tree import Path, Tree

_USED: dict[Backend | None, str] = {Backend.LAUNCHER: "launcher", Backend.KUBERNETES: "backends"}
_BACKENDS = ("launcher", "backends")
_SWITCHES = frozenset({("launcher", "enabled"), ("backends", "kubernetes", "enabled")})


class Kept(NamedTuple):
    """What becomes of the changed defaults; `reasons` by the key, in small letters, of settings that change with them."""

    edits: list[Edit]
    findings: list[Finding]
    reasons: dict[str, str]


def decided(
    request: Request, rendered: charts.Rendered, given: dict[str, Tree], backend: Backend | None, was: Backend | None
) -> Kept:
    """Decide about every default that differs between the two charts and that the values do not set."""
    made = Kept([], [], {})
    old, new = request.old.defaults, request.new.defaults
    for path in dict.fromkeys((*_leaves(old), *_leaves(new))):
        before, after = find(old, path), find(new, path)
        if same(before, after) or path in _SWITCHES or _is_set(given, path):
            continue
        under_config = path[0] == "config" and len(path) == 3
        if path[0] == "config" and not under_config:
            continue
        if (
            path[0] in _BACKENDS
            and path[0] != _USED.get(backend)
            and not (was is Backend.LAUNCHER and path == RUNTIME_YAML)
        ):
            continue
        if not under_config and (before is MISSING or {} in (before, after)):
            continue  # a value that the old chart did not have changes nothing; below a map its keys are asked for
        row = _row(request, path, local=backend is None)
        fate = row.fate if row else Upgrade.WRITTEN if under_config else Upgrade.CHART
        if fate is Upgrade.IMAGE:
            fate = Upgrade.WRITTEN if _image_stays(given) else Upgrade.CHART
        reason = row.reason if row else ""
        if not under_config and after is MISSING and not row:
            continue
        if fate is Upgrade.WRITTEN and request.keep_defaults:
            made.edits.append(Edit(path, None if before is MISSING else before))  # type: ignore[arg-type]
            what = f"{dotted(path)} keeps what chart {request.old} had, {_brief(before)}; its default is now {_brief(after)}."
        else:
            what = f"{dotted(path)} was {_brief(before)} by default, and is now {_brief(after)}. {reason}".rstrip()
            if under_config:
                made.reasons[f"{path[1]}.{path[2]}".lower()] = what
        made.findings.append(finding("G2H802", what, path=path))
    _slipped(request, rendered, given, made)
    return made


def _slipped(request: Request, rendered: charts.Rendered, given: dict[str, Tree], made: Kept) -> None:
    """Keep the settings of Connect's own sections that only the templates of the old chart wrote."""
    merged = charts.merge(request.old.defaults, given)
    written = managed.managed(request.old, merged, release=request.release, namespace=request.namespace)
    for section, keys in managed.slipped(written).items():
        for name, value in keys.items():
            path = ("config", section, name)
            kept = next((number for number, edit in enumerate(made.edits) if edit.path == path), None)
            truth = True if value == "true" else value
            if kept is not None:
                made.edits[kept] = made.edits[kept]._replace(value=truth)
                if same(find(request.new.defaults, path), truth):
                    del made.edits[kept]


def _leaves(tree: object, path: Path = ()) -> Iterator[Path]:
    if isinstance(tree, dict) and tree and len(path) < 6:
        for key, value in tree.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path


def _is_set(given: dict[str, Tree], path: Path) -> bool:
    """Whether the values say something at a path, or take the map above it out."""
    for depth in range(1, len(path) + 1):
        value = find(given, path[:depth])
        if value is MISSING:
            return False
        if not isinstance(value, dict):
            return True
    return find(given, path) not in (MISSING, {})


def _row(request: Request, path: Path, *, local: bool) -> Changed | None:
    rows = [
        row
        for row in request.tables.changed
        if path[: len(row.path)] == row.path and request.new.version in row.span and row.local in (None, local)
    ]
    return max(rows, key=lambda row: len(row.path), default=None)


def _image_stays(given: dict[str, Tree]) -> bool:
    return bool(find(given, ("image", "tag")) not in (MISSING, None, "") or given.get("versionOverride"))


def _brief(value: object) -> str:
    return "absent" if value is MISSING else brief(value)
