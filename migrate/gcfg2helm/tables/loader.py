"""Reads the mapping tables: those of the package, and a site's own laid over them.

Each file under `connect/` holds one section of the gcfg; a row holds one setting, its rules below it. `chart/rules.toml`
holds what the values must say whatever the gcfg holds, and what becomes of the chart's own defaults; `chart/older.toml`
where values of older charts went. All problems of all files are reported at once (`rows.TablesError`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar, overload

import gcfg2helm_mappings
from gcfg2helm.tables import valuerules
from gcfg2helm.tables.model import (
    APPENDIX,
    Action,
    Holds,
    Kind,
    Rule,
    Section,
    Setting,
    Source,
    Subsection,
    Tables,
)
from gcfg2helm.tables.rows import Problem, Row, TablesError, read_file
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path as FilePath

    from gcfg2helm.tables.valuerules import V


_RULES, _OLDER = "rules.toml", "older.toml"
Check: TypeAlias = Callable[[Tables, "list[Problem]"], None]
T = TypeVar("T")


class _Lazy(Mapping[str, T]):
    """A map whose values are read when somebody asks for them: a configuration names few sections and settings."""

    def __init__(self, names: Iterable[str], read: Callable[[str], T]) -> None:
        self._names = dict.fromkeys(names)
        self._read = cache(read)

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def sections_of(folder: Traversable) -> Mapping[str, Section]:
    """Return the sections of a folder of the package by lower-case name; asking for one reads its file.

    That raises `rows.TablesError` for a file that is no good.
    """
    files = {path.name.removesuffix(".toml"): path for path in _toml_files(folder)}

    def section(name: str) -> Section:
        problems: list[Problem] = []
        found = _sections({}, [valuerules.File(files[name], files[name].name)], problems)
        if problems:
            raise TablesError(problems)
        return found[name]

    return _Lazy(files, section)


@cache
def shipped() -> Tables:
    """Return the tables of the package; a file of a section, or of older charts, is read when somebody asks for it."""
    root = gcfg2helm_mappings.folder()

    @cache
    def rows(name: str) -> valuerules.Rows:
        problems: list[Problem] = []
        found = valuerules.read(valuerules.File(root / "chart" / name, name), problems)
        if problems:
            raise TablesError(problems)
        return found

    return Tables(
        sections_of(root / "connect"),
        rows(_RULES).always,
        rows(_RULES).defaults,
        _Later(lambda: rows(_OLDER).legacy),
        _Later(lambda: rows(_OLDER).changed),
    )


class _Later(Sequence[T]):
    """Rows of a file that is read when somebody asks for one."""

    def __init__(self, read: Callable[[], Sequence[T]]) -> None:
        self._read = read

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())


def load(site: FilePath | None = None, check: Check | None = None) -> Tables:
    """Load the tables of the package, laid over by those of a site's own folder where one is given.

    `check` adds the problems of the laid-over tables as a whole, which only the rooms above know (names of functions,
    versions of the chart). Raises `rows.TablesError` with every problem of every file.
    """
    if site is None:
        return shipped()
    problems: list[Problem] = []
    ours = shipped()
    tables = _laid_over(
        Tables(dict(ours.sections), ours.always, ours.defaults, ours.legacy, ours.changed), site, problems
    )
    if check:
        check(tables, problems)
    if problems:
        raise TablesError(problems)
    return tables


def _toml_files(folder: Traversable) -> list[Traversable]:
    return sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


# a site's own tables ---------------------------------------------------------------------------------------------------


def _laid_over(tables: Tables, site: FilePath, problems: list[Problem]) -> Tables:
    """Lay a site's folder over the tables: its files of sections, in it or in its `connect/`, its `rules.toml` and its `older.toml`.

    A row for a setting that the tables list changes what it names and leaves the rest; its rules, where it has any, take
    the place of all rules of the setting. A row of the others takes the place of all rows for the same path.
    """
    folder = site.resolve().name
    if not site.is_dir():
        problems.append(Problem(str(site), "", "no such folder"))
        return tables
    found = [
        valuerules.File(path, f"{folder}/{path.name}")
        for part in (site, site / "connect", site / "chart")
        if part.is_dir()
        for path in _toml_files(part)
    ]
    if not found:
        problems.append(Problem(str(site), "", "no *.toml files in this folder"))
    rules = [one for one in found if one.path.name in (_RULES, _OLDER)]
    sections = _sections(tables.sections, [one for one in found if one not in rules], problems, Source.SITE)
    tables = Tables(sections, tables.always, tables.defaults, tables.legacy)
    for file in rules:
        rows = valuerules.read(file, problems)
        tables = Tables(
            sections,
            _instead(tables.always, rows.always),
            _instead(tables.defaults, rows.defaults),
            _instead(tables.legacy, rows.legacy),
            _instead(tables.changed, rows.changed),
        )
    return tables


def _instead(ours: Sequence[V], theirs: Sequence[V]) -> tuple[V, ...]:
    paths = {row.path for row in theirs}
    return tuple([row for row in ours if row.path not in paths] + list(theirs))


# sections and settings -------------------------------------------------------------------------------------------------


def _sections(
    below: Mapping[str, Section],
    found: Iterable[valuerules.File],
    problems: list[Problem],
    source: Source | None = None,
) -> dict[str, Section]:
    """Return the sections below with those of the files over them; without `source` each row has to name its own."""
    sections = dict(below)
    seen: dict[str, str] = {}
    for file in found:
        top = read_file(file.path, problems, file.shown)
        name = top.take("section", str, "")
        if not name:
            if not top.broken:
                top.problem("section: required")
            continue
        other = seen.setdefault(name.lower(), file.shown)
        if other != file.shown:
            top.problem(f"section {name} is in {other} already")
        below_it = sections.get(name.lower())
        sections[name.lower()] = _read_section(top, below_it, name, file.shown, source, problems)
    return sections


def _read_section(
    top: Row, below: Section | None, name: str, origin: str, source: Source | None, problems: list[Problem]
) -> Section:
    """Read the settings of a section over those that it has already; names keep the capitals that they have there."""
    name = below.name if below else name
    subsection = top.choice("subsection", Subsection, below.subsection if below else Subsection.NO) or Subsection.NO
    rows: dict[str, tuple[Setting, Row]] = {}
    for row_name, row in top.tables().items():
        key = row_name.lower()
        if key in rows:
            row.problem("the same setting twice, in different case")
        old = below.settings.get(key) if below else None
        bare = old or Setting(name, row_name, subsection=subsection, source=source or Source.UNCONFIRMED)
        rows[key] = bare, row
        if old is None and source is None:
            row.require("source")
            row.require("description")
    top.finish()
    if source is None:

        def setting(key: str) -> Setting:
            found = _read_setting(*rows[key], origin)
            if problems:
                raise TablesError(problems)
            return found

        return Section(name, subsection, _Lazy(rows, setting))
    settings = {key: _read_setting(bare, row, origin) for key, (bare, row) in rows.items()}
    return Section(name, subsection, {**below.settings, **settings} if below else settings)


def _read_setting(bare: Setting, row: Row, origin: str) -> Setting:
    """Return the setting with every field that the row has."""
    changed = row.has("default")
    setting = Setting(
        bare.section,
        bare.name,
        description=row.take("description", str, bare.description),
        inferred=row.take("inferred", bool, bare.inferred),
        kind=row.choice("type", Kind, bare.kind) or bare.kind,
        multi=row.take("multi", bool, bare.multi),
        secret=row.take("secret", bool, bare.secret),
        encrypted=row.take("encrypted", bool, bare.encrypted),
        holds=row.choice("holds", Holds, bare.holds) or bare.holds,
        holds_secret=row.take("holds_secret", bool, bare.holds_secret),
        values=row.texts("values") if row.has("values") else bare.values,
        default=row.take("default", str, bare.default),
        default_source=row.take("default_source", str, "" if changed else bare.default_source),
        since=_release(row, "since", bare.since),
        since_at_latest=row.take("since_at_latest", bool, bare.since_at_latest),
        until=_release(row, "until", bare.until),
        source=row.choice("source", Source, bare.source) or bare.source,
        link=row.take("link", str, bare.link),
        seen=row.take("seen", str, bare.seen),
        note=row.take("note", str, bare.note),
        subsection=bare.subsection,
        rules=_read_rules(row, origin) if row.has("rules") else bare.rules,
        origin=origin,
    )
    row.finish()
    if setting.link or setting.until or setting.source is Source.SITE:
        return setting
    if any(rule.action is Action.RENAME for rule in setting.rules):
        return setting  # the documentation knows the new name alone
    return setting._replace(link=f"{APPENDIX}#{setting.key}")


def _release(row: Row, key: str, default: str) -> str:
    """Return a Connect release as it is written (`2026.08.0`), checked to be one."""
    if not row.has(key):
        return default
    text = row.take(key, str, "")
    if text:
        try:
            Version.parse(text)
        except ValueError as error:
            row.problem(f"{key}: {error}")
            return ""
    return text


def _read_rules(row: Row, origin: str) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for part in row.rows("rules"):
        rule = Rule(
            action=part.choice("action", Action) or Action.CARRY,
            span=part.span(),
            backend=valuerules.backend(part),
            to=part.texts("to"),
            setting=part.take("setting", str, ""),
            transform=part.take("transform", str, ""),
            finding=part.take("finding", str, ""),
            reason=part.take("reason", str, ""),
            todo=part.take("todo", str, ""),
            link=part.take("link", str, ""),
            origin=origin,
            of_connect=part.take("of_connect", bool, False),
        )
        part.finish()
        if rule.action is Action.RENAME and not (rule.setting or rule.transform):
            part.problem("rename needs the new name in `setting`")
        if rule.action is Action.MOVE and not (rule.to or rule.transform):
            part.problem("move needs the values path in `to`, or a transform")
        if not rule.reason:
            part.problem("reason: required, since the report prints it")
        for other in rules:
            if rule.span.overlaps(other.span) and valuerules.share(rule.backend, other.backend):
                part.problem(f"overlaps with another rule ({other.span})")
        rules.append(rule)
    return tuple(rules)
