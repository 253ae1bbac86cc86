"""Where values of older charts went, and those of the launcher where the direct runner takes over.

One way to move an old key: `convert` onto an old values.yaml and `upgrade` ask here. The rows are the tables' `legacy`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.chart import KUBERNETES_SINCE
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, finding
from gcfg2helm.plan.transforms.legacy import LEGACY, Leftover, Part
from gcfg2helm.tables import Action, Legacy, Went
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING, Carried, Edit, find, put, same, take_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.chart import Chart
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path, Tree

_TEMPLATES: Path = ("launcher", "templateValues")
_LAUNCHER: Path = ("config", "Launcher")


class Moves(NamedTuple):
    """What becomes of the old values: `edits` for the file, `tree` what it says then, `findings` about each.

    `reasons` says of each path under `config` that comes or goes why it does.
    """

    edits: list[Edit]
    tree: dict[str, Tree]
    findings: list[Finding]
    reasons: dict[Path, str]


def moves(
    tables: Tables, chart: Chart, backend: Backend | None, values: Mapping[str, Tree], *, turns: bool | None = None
) -> Moves:
    """Return how the old values come to the chart's own places; what the file has there already stays.

    `values` is what one file says, or several together; `turns` whether another back end than `backend` starts the
    content today, None as they say. What has no counterpart stays where it is, with an error.
    """
    made = _Moving(tables, chart, backend, values, turns=turned(values, backend) if turns is None else turns)
    for row in tables.legacy:
        if chart.version in row.span and (row.backend is None or (row.backend is backend and made.turns)):
            made.row(row)
    if made.turns and backend is Backend.KUBERNETES:
        made.settings()
    return Moves(list(made.edits()), made.tree, made.findings, made.reasons)


def turned(values: Mapping[str, Tree], backend: Backend | None) -> bool:
    """Whether values may be those of a server that starts its content with the other back end."""
    launcher, direct = (find(values, path) for path in (("launcher", "enabled"), ("backends", "kubernetes", "enabled")))
    if backend is Backend.LAUNCHER:
        return direct is True and launcher is not True
    return backend is Backend.KUBERNETES and launcher is not False and direct is not True


class _Moving:
    def __init__(
        self, tables: Tables, chart: Chart, backend: Backend | None, values: Mapping[str, Tree], *, turns: bool
    ) -> None:
        self.tables = tables
        self.backend = backend
        self.chart = chart
        self.values = values
        self.tree: dict[str, Tree] = copy.deepcopy(dict(values))
        self.turns = turns and chart.version >= KUBERNETES_SINCE
        self.findings: list[Finding] = []
        self.carried: list[Carried] = []
        self.gone: list[Path] = []
        self.lost: set[Path] = set()
        self.reasons: dict[Path, str] = {}

    # one row ---------------------------------------------------------------------------------------------------------

    def row(self, row: Legacy) -> None:
        """Decide about the value of one row."""
        value = find(self.tree, row.path)
        if value is MISSING or (_is_empty(value) if row.value is None else value is not row.value):
            return
        if row.path[:2] == _TEMPLATES and not self._templated():
            return
        name = dotted(row.path)
        if row.fate is Went.LOST:
            for leaf in _leaves(value, row.path):  # type: ignore[arg-type]
                if not any(leaf[: len(one)] == one or one[: len(leaf)] == leaf for one in self.lost):
                    self._lose(leaf, row.reason, row.todo)
            return
        if row.fate is Went.STAYS:
            self.findings.append(finding("G2H210", f"{name} is set in values.yaml. {row.reason}", path=row.path))
            return
        if row.fate is Went.GOES:
            self._take_out(row.path, row.reason)
            self.findings.append(finding("G2H210", f"{name} is removed. {row.reason}", path=row.path))
            return
        parts, left = self._parts(row, value)  # type: ignore[arg-type]
        moved = [part for part in parts if self._move(row, part)]
        for one in left:
            self._lose((*row.path, *one.path), one.why, one.todo or row.todo)
        if not parts and not left:
            self._take_out(row.path)
            what = f"{name} named the images that older charts shipped; it is removed. {row.reason}"
            self.findings.append(finding("G2H210", what, path=row.path))
        elif moved:
            placed = dict.fromkeys(dotted(part.to) for part in moved if part.to and part.to in self.reasons)
            where = " and ".join(placed) or "of no effect"
            code = "G2H231" if row.backend else "G2H210"
            self.findings.append(finding(code, f"{name} is now {where}. {row.reason}", path=row.path))
            self._sweep(row, left)

    def _parts(self, row: Legacy, value: Tree) -> tuple[list[Part], list[Leftover]]:
        if not row.transform:
            return [Part((), row.to, value, append=row.to[-1:] == ("containers",))], []
        found = LEGACY[row.transform](value, row.to)
        if found is None:
            return [], [Leftover((), row.reason, row.todo)]
        return found

    def _move(self, row: Legacy, part: Part) -> bool:
        """Bring a part to its place; where something else is there, say so."""
        origin = (*row.path, *part.origin)
        if not part.to:
            self._take_out(origin)
            return True
        tree = copy.deepcopy(self.tree)
        free = put(tree, part.to, part.value, append=part.append)
        if not free and not part.yields:
            todo = f"Choose between the two, and remove {dotted(origin)}."
            self.lost.add(origin)
            what = f"{dotted(origin)} would be {dotted(part.to)}, which already has another value."
            self.findings.append(finding("G2H801", what, todo, path=origin))
            return False
        if free:
            self.tree = tree
        self._take_out(origin, row.reason)
        if free:
            self.reasons[part.to] = f"It comes from {dotted(origin)}. {row.reason}"
            self.carried.append(Carried(origin if part.text else (), part.to, part.append, part.inside))
        return True

    def _sweep(self, row: Legacy, left: list[Leftover]) -> None:
        """Take out what is left of a value whose parts all moved."""
        if not left and not any(one[: len(row.path)] == row.path for one in self.lost):
            self._take_out(row.path)

    def _take_out(self, path: Path, reason: str = "") -> None:
        if find(self.tree, path) is not MISSING:
            take_out(self.tree, path)
        self.gone.append(path)
        self.reasons.setdefault(path, reason)

    def _lose(self, path: Path, why: str, todo: str) -> None:
        self.lost.add(path)
        what = f"{dotted(path)} has no counterpart. {why}"
        self.findings.append(finding("G2H801", what, todo, path=path))

    def _templated(self) -> bool:
        """Whether the chart handed templateValues to the launcher at all."""
        ways = ("useTemplates", "includeTemplateValues")
        return all(find(self.values, ("launcher", way)) is not False for way in ways)

    # settings of [Launcher] ------------------------------------------------------------------------------------------

    def settings(self) -> None:
        """Decide about the settings of [Launcher] that no row names, as the rules of the settings say."""
        section = find(self.tree, _LAUNCHER)
        for name, value in list(section.items()) if isinstance(section, dict) else []:
            path = (*_LAUNCHER, name)
            if path in self.lost or _is_empty(value):
                continue
            setting = self.tables.find("Launcher", name)
            rule = setting.rule(self.chart.version, Backend.KUBERNETES) if setting else None
            if rule is None or rule.action is Action.CARRY:
                todo = "Look for it among the settings of [Kubernetes] and [Scheduler]; then remove it."
                self._lose(path, "It belongs to the launcher.", todo)
            elif rule.action is Action.MOVE and rule.to and rule.to[0] != "sharedStorage":
                row = Legacy(path, rule.to, rule.span, rule.reason, rule.origin, backend=Backend.KUBERNETES)
                self.row(row)
            else:
                self._take_out(path, rule.reason)
                code = rule.finding or "G2H231"
                self.findings.append(finding(code, f"{dotted(path)} goes. {rule.reason}", rule.todo, path=path))

    # edits -----------------------------------------------------------------------------------------------------------

    def edits(self) -> Iterator[Edit]:
        """Yield the edits: what goes first, then what comes, each value once with how its text moves."""
        for path in sorted(set(self.gone)):
            if find(self.values, path) is MISSING:
                continue
            while len(path) > 1 and find(self.tree, path[:-1]) is MISSING:
                path = path[:-1]  # noqa: PLW2901 - a map that is empty without it goes as a whole
            if find(self.tree, path) is MISSING:
                yield Edit(path, remove=True)
        targets: dict[Path, list[Carried]] = {}
        for one in self.carried:
            depth = next((number for number, part in enumerate(one.to) if part.startswith("[")), len(one.to))
            targets.setdefault(one.to[:depth], []).append(one)
        for path, carried in targets.items():
            value = find(self.tree, path)
            if not same(value, find(self.values, path)):
                texts = tuple(one for one in carried if one.origin)
                yield Edit(path, value, origin=carried[0].origin, carried=texts)  # type: ignore[arg-type]


def _is_empty(value: object) -> bool:
    return value is None or value is False or value in ("", {}, [])


def _leaves(value: Tree, path: Path) -> Iterator[Path]:
    """Yield the paths below a value, and its own, that hold something; of a map with plain keys those of its values."""
    if _is_empty(value):
        return
    if isinstance(value, dict) and len(path) < 4:
        for key, below in value.items():
            yield from _leaves(below, (*path, key))
        return
    yield path
