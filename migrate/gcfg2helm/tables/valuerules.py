"""Reads what the tables say of values: `rules.toml`, and `older.toml` for those of older charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gcfg2helm.enums import Backend
from gcfg2helm.tables.model import Always, Changed, DefaultRule, Fate, Legacy, Upgrade, Went
from gcfg2helm.tables.rows import Problem, Row, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

    from gcfg2helm.values.tree import Tree

V = TypeVar("V", Always, DefaultRule, Legacy, Changed)


class File(NamedTuple):
    """One table file, and how rows and problems name it: `server.toml`, `site/server.toml`."""

    path: Traversable
    shown: str


class Rows(NamedTuple):
    """The rows of one file about values, by what they are about."""

    always: tuple[Always, ...]
    defaults: tuple[DefaultRule, ...]
    legacy: tuple[Legacy, ...]
    changed: tuple[Changed, ...]


def read(file: File, problems: list[Problem]) -> Rows:
    """Return the rows of one file; what is wrong with it is added to the problems."""
    top = read_file(file.path, problems, file.shown)
    always: list[Always] = []
    for row in _complete(top.rows("always")):
        one = Always(
            row.texts("path"), _always_value(row), row.span(), backend(row), row.take("reason", str, ""), file.shown
        )
        _apart(row, one, [other for other in always if share(one.backend, other.backend)])
        always.append(one)
    defaults: list[DefaultRule] = []
    for row in _complete(top.rows("defaults")):
        fate = row.choice("fate", Fate) or Fate.KEEP
        default = DefaultRule(
            row.texts("path"),
            fate,
            row.span(),
            row.take("reason", str, ""),
            file.shown,
            row.take("instead", bool, None),
        )
        _apart(row, default, defaults)
        defaults.append(default)
    legacy = _legacy(top, file)
    changed: list[Changed] = []
    for row in _complete(top.rows("changed")):
        fates = row.choice("fate", Upgrade) or Upgrade.WRITTEN
        local: bool | None = row.take("local", bool, False) if row.has("local") else None
        other = Changed(row.texts("path"), fates, row.span(), row.take("reason", str, ""), file.shown, local)
        _apart(row, other, [was for was in changed if None in (local, was.local) or local is was.local])
        changed.append(other)
    top.finish()
    return Rows(tuple(always), tuple(defaults), tuple(legacy), tuple(changed))


def _legacy(top: Row, file: File) -> list[Legacy]:
    legacy: list[Legacy] = []
    for row in _complete(top.rows("legacy")):
        went = Legacy(
            row.texts("path"),
            row.texts("to"),
            row.span(),
            row.take("reason", str, ""),
            file.shown,
            row.take("transform", str, ""),
            backend(row),
            row.choice("fate", Went, Went.MOVES) or Went.MOVES,
            row.take("value", bool, False) if row.has("value") else None,
            row.take("todo", str, ""),
        )
        if (went.fate is Went.MOVES) != bool(went.to):
            row.problem("either the new place in `to`, or what becomes of it in `fate`")
        if went.fate is Went.LOST and not went.todo:
            row.problem("todo: required where a value is lost")
        _apart(row, went, legacy)
        legacy.append(went)
    return legacy


def _always_value(row: Row) -> Tree:
    """Return `value` (true or false), or `text`; neither is null: the chart's default goes."""
    if row.has("value") and row.has("text"):
        row.problem("`value` and `text` exclude each other")
    text = row.take("text", str, "")
    value = row.take("value", bool, False) if row.has("value") else None
    return text or value


def _complete(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield each row; it must have a path and a reason, and afterwards all its fields must have been taken."""
    for row in rows:
        row.require("path")
        row.require("reason")
        yield row
        row.finish()


def _apart(row: Row, one: V, others: Iterable[V]) -> None:
    for other in others:
        if one.path and one.path == other.path and one.span.overlaps(other.span):
            row.problem(f"overlaps with another row for the same path ({other.span})")


def backend(row: Row) -> Backend | None:
    """Return the back end that a row speaks of; None where it speaks of both."""
    return row.choice("backend", Backend) if row.has("backend") else None


def share(one: Backend | None, other: Backend | None) -> bool:
    """Whether two rows speak of a back end together."""
    return one is other or one is None or other is None
