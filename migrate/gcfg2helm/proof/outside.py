"""What the gcfg asks for outside `config`, compared with what the values say there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.merge import LIST_PATHS, brief
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Edit, applied, find, identity, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path, Tree


def check(plan: Plan, tables: Tables, values: Mapping[str, Tree]) -> Iterator[Finding]:
    """Compare what the conversion would set outside `config` because of the gcfg with what is set there."""
    for row in tables.always:
        if plan.chart.version in row.span and row.backend in (None, plan.backend):
            actual = find(values, row.path)
            if not same(actual, row.value) and not (row.value is None and actual is MISSING):
                what = f"{dotted(row.path)} is not what it must be: {row.reason}"
                yield finding("G2H608", what, path=row.path)
    hidden = [one.path for one in plan.secret_edits if one.path[:1] != ("config",)]
    for edit in plan.edits:
        if edit.path[:1] == ("config",) or not edit.source or edit.remove or edit.comments_only:
            continue
        actual = _without(find(values, edit.path), edit.path, hidden)
        if edit.path in LIST_PATHS and isinstance(edit.value, list) and isinstance(actual, list):
            differs = not set(map(identity, edit.value)) <= set(map(identity, actual))
        else:
            differs = not same(actual, edit.value)
        if differs:
            given = "not set" if actual is MISSING else brief(actual)
            start = edit.source[0]
            what = (
                f"{dotted(edit.path)} is {given}; from line {start.line} of {start.file} follows {brief(edit.value)}."
            )
            yield finding("G2H607", what, path=edit.path)


def _without(actual: object, path: Path, hidden: Sequence[Path]) -> object:
    """Return a value without the keys below it that belong to the second values file."""
    below = [one[len(path) :] for one in hidden if one[: len(path)] == path and len(one) > len(path)]
    if not isinstance(actual, dict) or not below:
        return actual
    return applied(actual, [Edit(one, remove=True) for one in below])
