"""The mapping tables: what Connect knows of each setting, and what becomes of it in the chart.

Each file under `connect/` holds one section of the gcfg; a row holds one setting, its rules below it. `always.toml`
holds what the values must say whatever the gcfg holds, `defaults.toml` what becomes of the chart's own defaults.
The loader checks everything and reports all problems at once (`rows.TablesError`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from importlib.resources import files
from typing import TYPE_CHECKING

from gcfg2helm.rows import Problem, Row, TablesError, read_file
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path as FilePath

    from gcfg2helm.values import Path, Tree


class Backend(Enum):
    """What starts content in the cluster: the launcher, or Connect's own runner (chart 0.9.0 on)."""

    LAUNCHER = "launcher"
    KUBERNETES = "kubernetes"


class Action(Enum):
    """What a rule says of a setting. What happened to one entry is a decision (`plan.Kind`)."""

    CARRY = "carry"
    MOVE = "move"
    RENAME = "rename"
    CHART = "chart"
    DROP = "drop"


class Kind(Enum):
    """The type of a setting's value, as Connect reads it."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DURATION = "duration"
    BYTESIZE = "bytesize"
    ENUM = "enum"
    URL = "url"


class Subsection(Enum):
    """Whether the section's header carries a name: `[LDAP "x"]`."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Holds(Enum):
    """What a path-valued setting names on the server's disk."""

    NOTHING = ""
    FILE = "file"
    DIRECTORY = "directory"
    PROGRAM = "program"
    LOG = "log"


class Source(Enum):
    """Where a row's knowledge comes from; `unconfirmed` is said to the user."""

    DOCS = "docs"
    CHART = "chart"
    PUBLIC = "public"
    UNCONFIRMED = "unconfirmed"
    SITE = "site"


class Fate(Enum):
    """What becomes of a default that the chart brings along where the gcfg is silent."""

    KEEP = "keep"
    RESET = "reset"


# The repeated value of a setting of these kinds can only mean that the last line wins.
SINGLE_KINDS = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.DECIMAL, Kind.DURATION, Kind.BYTESIZE, Kind.ENUM})


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a setting in a range of chart versions, for one back end or both (`backend` None)."""

    action: Action
    span: Span = Span()
    backend: Backend | None = None
    to: Path = ()
    setting: str = ""
    transform: str = ""
    finding: str = ""
    reason: str = ""
    todo: str = ""
    link: str = ""
    origin: str = ""

    def applies(self, chart: Version, backend: Backend) -> bool:
        """Whether the rule speaks of this chart version and back end."""
        return chart in self.span and (self.backend is None or self.backend is backend)


@dataclass(frozen=True, slots=True)
class Setting:
    """What Connect knows of one setting; `since` and `until` are Connect releases.

    `since_at_latest`: it was known in that release, perhaps in earlier ones too.
    """

    section: str
    name: str
    kind: Kind = Kind.STRING
    multi: bool = False
    secret: bool = False
    encrypted: bool = False
    holds: Holds = Holds.NOTHING
    holds_secret: bool = False
    values: tuple[str, ...] = ()
    default: str = ""
    since: str = ""
    since_at_latest: bool = False
    until: str = ""
    source: Source = Source.UNCONFIRMED
    link: str = ""
    note: str = ""
    subsection: Subsection = Subsection.NO
    rules: tuple[Rule, ...] = ()
    origin: str = ""

    @property
    def key(self) -> str:
        """The name as people write it: `Server.Address`."""
        return f"{self.section}.{self.name}"

    @property
    def surely_single(self) -> bool:
        """Whether a repeated key can only mean that the last line wins."""
        return not self.multi and (self.kind in SINGLE_KINDS or self.source is Source.DOCS)

    def rule(self, chart: Version, backend: Backend) -> Rule:
        """Return the rule for a chart version and back end; carrying over where no row says otherwise."""
        return next((rule for rule in self.rules if rule.applies(chart, backend)), CARRY)


CARRY = Rule(Action.CARRY)


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the gcfg in its canonical capitals, with its settings by lower-case name."""

    name: str
    subsection: Subsection
    settings: Mapping[str, Setting]
    known: bool = True


@dataclass(frozen=True, slots=True)
class Always:
    """A value that the chart needs whatever the gcfg holds, by version and back end."""

    path: Path
    value: Tree
    span: Span
    backend: Backend | None
    reason: str
    origin: str


@dataclass(frozen=True, slots=True)
class DefaultRule:
    """What becomes of one of the chart's own `config` defaults; `path` is below `config`, one key for a section."""

    path: Path
    fate: Fate
    span: Span
    reason: str
    origin: str


@dataclass(frozen=True, slots=True)
class Legacy:
    """A values path of an older chart that a newer one refuses or ignores: where it went, or why it goes."""

    path: Path
    to: Path
    span: Span
    reason: str
    origin: str
    transform: str = ""


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables; sections by lower-case name."""

    sections: Mapping[str, Section]
    always: tuple[Always, ...] = ()
    defaults: tuple[DefaultRule, ...] = ()
    legacy: tuple[Legacy, ...] = ()
    _empty: Mapping[str, Setting] = field(default_factory=dict)

    def find(self, section: str, name: str) -> Setting | None:
        """Return the setting of that name in any capitals; None where the tables do not list it."""
        known = self.sections.get(section.lower())
        return known.settings.get(name.lower()) if known else None

    def setting(self, key: str) -> Setting | None:
        """Return the setting written as `Section.Name`."""
        section, _, name = key.partition(".")
        return self.find(section, name)

    def __iter__(self) -> Iterator[Setting]:
        for section in self.sections.values():
            yield from section.settings.values()

    def nearest(self, section: str, name: str, count: int = 3) -> list[str]:
        """Return the keys of listed settings that look most like `section.name`, the best first."""
        from difflib import get_close_matches

        keys = {setting.key.lower(): setting.key for setting in self}
        found = get_close_matches(f"{section}.{name}".lower(), keys, count, 0.75)
        if not found and (known := self.sections.get(section.lower())):
            found = [f"{section}.{near}".lower() for near in get_close_matches(name.lower(), known.settings, count)]
        return [keys[key] for key in found]


def load(site: FilePath | None = None) -> Tables:
    """Load the tables of the package, laid over by a site's own folder of `connect/*.toml` files where one is given.

    Raises `rows.TablesError` with every problem of every file.
    """
    problems: list[Problem] = []
    root = files("gcfg2helm_mappings")
    sections: dict[str, Section] = {}
    for path in _toml_files(root / "connect"):
        _add_section(sections, _read_section(path, "", problems))
    always, defaults, legacy = _read_values_rules(root / "chart" / "rules.toml", problems)
    if site is not None:
        for path in _site_files(site, problems):
            _add_section(sections, _read_section(path, f"{site.name}/", problems, Source.SITE))
    _check_references(sections, problems)
    if problems:
        raise TablesError(problems)
    return Tables(sections, always, defaults, legacy)


def _toml_files(folder: Traversable) -> list[Traversable]:
    return sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


def _site_files(site: FilePath, problems: list[Problem]) -> list[Traversable]:
    folder = site / "connect" if (site / "connect").is_dir() else site
    found = _toml_files(folder) if folder.is_dir() else []
    if not found:
        problems.append(Problem(str(site), "", "no *.toml files in this folder"))
    return found


def _add_section(sections: dict[str, Section], section: Section | None) -> None:
    """Put a section in; one that is already there keeps its settings, those of the new one win."""
    if section is None:
        return
    old = sections.get(section.name.lower())
    if old is not None:
        section = replace(section, settings={**old.settings, **section.settings})
    sections[section.name.lower()] = section


def _read_section(
    path: Traversable, prefix: str, problems: list[Problem], source: Source = Source.UNCONFIRMED
) -> Section | None:
    top = read_file(path, problems)
    name = top.take("section", str, "")
    if not name:
        top.problem("section: required")
        return None
    subsection = top.choice("subsection", Subsection, Subsection.NO) or Subsection.NO
    settings: dict[str, Setting] = {}
    for row_name, row in top.tables().items():
        if row_name.lower() in settings:
            row.problem("the same setting twice, in other capitals")
        settings[row_name.lower()] = _read_setting(
            Setting(name, row_name, subsection=subsection, source=source, origin=f"{prefix}{path.name}"), row
        )
    top.finish()
    return Section(name, subsection, settings)


def _read_setting(bare: Setting, row: Row) -> Setting:
    setting = replace(
        bare,
        kind=row.choice("type", Kind, Kind.STRING) or Kind.STRING,
        multi=row.take("multi", bool, False),
        secret=row.take("secret", bool, False),
        encrypted=row.take("encrypted", bool, False),
        holds=row.choice("holds", Holds, Holds.NOTHING) or Holds.NOTHING,
        holds_secret=row.take("holds_secret", bool, False),
        values=row.texts("values"),
        default=row.take("default", str, ""),
        since=_release(row, "since"),
        since_at_latest=row.take("since_at_latest", bool, False),
        until=_release(row, "until"),
        source=row.choice("source", Source, bare.source) or bare.source,
        link=row.take("link", str, ""),
        note=row.take("note", str, ""),
        rules=_read_rules(row, bare.origin),
    )
    row.finish()
    return setting


def _release(row: Row, key: str) -> str:
    """Return a Connect release as it is written (`2026.08.0`), checked to be one."""
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
            backend=_backend(part),
            to=part.texts("to"),
            setting=part.take("setting", str, ""),
            transform=_transform(part),
            finding=part.take("finding", str, ""),
            reason=part.take("reason", str, ""),
            todo=part.take("todo", str, ""),
            link=part.take("link", str, ""),
            origin=origin,
        )
        part.finish()
        if rule.action is Action.RENAME and not (rule.setting or rule.transform):
            part.problem("rename needs the new name in `setting`")
        if rule.action is Action.MOVE and not (rule.to or rule.transform):
            part.problem("move needs the values path in `to`, or a transform")
        if rule.action is not Action.CARRY and not rule.reason:
            part.problem("a reason is required: the report prints it")
        for other in rules:
            if rule.span.overlaps(other.span) and (
                rule.backend is other.backend or rule.backend is None or other.backend is None
            ):
                part.problem(f"overlaps with another rule ({other.span})")
        rules.append(rule)
    return tuple(rules)


def _backend(row: Row) -> Backend | None:
    text = row.take("backend", str, "")
    if not text:
        return None
    try:
        return Backend(text)
    except ValueError:
        row.problem(f"backend: {text!r} is neither launcher nor kubernetes")
        return None


def _transform(row: Row) -> str:
    """Return the name of the function; `check_names` compares all of them with the functions there are."""
    return row.take("transform", str, "")


def _read_values_rules(
    path: Traversable, problems: list[Problem]
) -> tuple[tuple[Always, ...], tuple[DefaultRule, ...], tuple[Legacy, ...]]:
    top = read_file(path, problems)
    name = path.name
    always = tuple(
        Always(
            row.texts("path"),
            _always_value(row),
            row.span(),
            _backend(row),
            row.take("reason", str, ""),
            name,
        )
        for row in _closing(top.rows("always"))
    )
    defaults = tuple(
        DefaultRule(
            row.texts("path"),
            row.choice("fate", Fate) or Fate.KEEP,
            row.span(),
            row.take("reason", str, ""),
            name,
        )
        for row in _closing(top.rows("defaults"))
    )
    legacy = tuple(
        Legacy(row.texts("path"), row.texts("to"), row.span(), row.take("reason", str, ""), name, _transform(row))
        for row in _closing(top.rows("legacy"))
    )
    top.finish()
    return always, defaults, legacy


def _always_value(row: Row) -> Tree:
    """Return `value` (true or false), or `text`; neither is null: the chart's default goes."""
    text = row.take("text", str, "")
    return text or (row.take("value", bool, False) if row.has("value") else None)


def _closing(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield each row and check afterwards that all its fields were taken."""
    for row in rows:
        yield row
        row.finish()


def _check_references(sections: Mapping[str, Section], problems: list[Problem]) -> None:
    """A rename must lead to a setting that the tables list, and not in a circle."""
    tables = Tables(sections)
    for setting in tables:
        for rule in setting.rules:
            if not rule.setting:
                continue
            target = tables.setting(rule.setting)
            if target is None:
                problems.append(Problem(setting.origin, setting.name, f"renamed to unlisted {rule.setting}"))
            elif target.key == setting.key:
                problems.append(Problem(setting.origin, setting.name, "renamed to itself"))
