"""The mapping tables: what Connect knows of each setting, and what becomes of it in the chart.

A section holds its settings, a setting its rules: at most one speaks of a chart version and back end. `loader` reads
them from TOML files. The rows are named tuples: they must be there in milliseconds, and the module of dataclasses alone
takes ten.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from gcfg2helm.enums import Backend
from gcfg2helm.values.tree import Path, Tree
from gcfg2helm.versions import Span, Version


class Action(Enum):
    """What a rule says of a setting. What happened to one entry is a decision (`decisions.Outcome`)."""

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


# Every setting that Connect knows has a paragraph there, under an anchor with its key.
APPENDIX = "https://docs.posit.co/connect/admin/appendix/configuration/"


class Upgrade(Enum):
    """What an upgrade does with a default of the chart that changed: who decides what is there from then on."""

    WRITTEN = "written"  # the old one is written into the values
    CHART = "chart"  # the new one counts
    IMAGE = "image"  # the new one counts where the image of Connect changes too


class Went(Enum):
    """What becomes of a value of an older chart that has no new place."""

    MOVES = ""
    GOES = "goes"
    STAYS = "stays"
    LOST = "lost"


# The repeated value of a setting of these kinds can only mean that the last line wins.
SINGLE_KINDS = frozenset({Kind.BOOLEAN, Kind.INTEGER, Kind.DECIMAL, Kind.DURATION, Kind.BYTESIZE, Kind.ENUM})


class Rule(NamedTuple):
    """What becomes of a setting in a range of chart versions, for one back end or both (`backend` None).

    `of_connect`: the reason is Connect's and not the chart's; the versions are those that carry such a Connect.
    """

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
    of_connect: bool = False

    def applies(self, chart: Version, backend: Backend) -> bool:
        """Whether the rule speaks of this chart version and back end."""
        return chart in self.span and (self.backend is None or self.backend is backend)


class Setting(NamedTuple):
    """What Connect knows of one setting; `since` and `until` are Connect releases.

    `since_at_latest`: it was known in that release, perhaps in earlier ones too. `description`: one sentence, in our
    own words; `inferred`: from the name, no source says it. `default_source` is an address, or where else the default
    was found; "unconfirmed" where that is nothing to rely on. `link` leads to the documentation of the setting, `seen`
    says where the row's knowledge was read, where that is another page.
    """

    section: str
    name: str
    description: str = ""
    inferred: bool = False
    kind: Kind = Kind.STRING
    multi: bool = False
    secret: bool = False
    encrypted: bool = False
    holds: Holds = Holds.NOTHING
    holds_secret: bool = False
    values: tuple[str, ...] = ()
    default: str = ""
    default_source: str = ""
    since: str = ""
    since_at_latest: bool = False
    until: str = ""
    source: Source = Source.UNCONFIRMED
    link: str = ""
    seen: str = ""
    note: str = ""
    subsection: Subsection = Subsection.NO
    rules: tuple[Rule, ...] = ()
    origin: str = ""

    @property
    def key(self) -> str:
        """The name as people write it: `Server.Address`."""
        return f"{self.section}.{self.name}"

    @property
    def sentence(self) -> str:
        """The description as it is shown: what is not known for sure says so."""
        unsure = self.inferred or self.source is Source.UNCONFIRMED
        return f"{self.description[:-1]} (unconfirmed)." if unsure and self.description else self.description

    @property
    def shown_default(self) -> str:
        """The default as it is shown, with where it was found; empty where none is known."""
        return f"{self.default} ({self.default_source})" if self.default and self.default_source else self.default

    @property
    def surely_single(self) -> bool:
        """Whether a repeated key can only mean that the last line wins."""
        return not self.multi and (self.kind in SINGLE_KINDS or self.source is Source.DOCS)

    def rule(self, chart: Version, backend: Backend, connect: Version | None = None) -> Rule:
        """Return the rule for a chart version and back end; carrying over where no row says otherwise.

        `connect` is the chart version whose Connect reads the configuration, where it is not the chart's own.
        """
        for rule in self.rules:
            if rule.applies(connect if rule.of_connect and connect else chart, backend):
                return rule
        return CARRY


CARRY = Rule(Action.CARRY)


class Section(NamedTuple):
    """One section of the gcfg in its canonical capitals, with its settings by lower-case name."""

    name: str
    subsection: Subsection
    settings: Mapping[str, Setting]
    known: bool = True


class Always(NamedTuple):
    """A value that the chart needs whatever the gcfg holds, by version and back end."""

    path: Path
    value: Tree
    span: Span
    backend: Backend | None
    reason: str
    origin: str


class DefaultRule(NamedTuple):
    """What becomes of one of the chart's own `config` defaults; `path` is below `config`, one key for a section.

    `instead` is what a reset writes where a template, not values.yaml, brings the default: null cannot take that out.
    """

    path: Path
    fate: Fate
    span: Span
    reason: str
    origin: str
    instead: bool | None = None


class Legacy(NamedTuple):
    """A values path of an older chart that a newer one refuses or ignores: where it went, or what becomes of it.

    `backend`: a value of the other back end, where this one takes over. `value`: the row speaks of this value alone.
    A part of `to` in brackets is the item of a list with that name.
    """

    path: Path
    to: Path
    span: Span
    reason: str
    origin: str
    transform: str = ""
    backend: Backend | None = None
    fate: Went = Went.MOVES
    value: bool | None = None
    todo: str = ""


class Changed(NamedTuple):
    """What an upgrade does with a default that changed; the longest path counts.

    `local`: the row speaks of content that runs in the pod of Connect (or, false, does not); None of both.
    """

    path: Path
    fate: Upgrade
    span: Span
    reason: str
    origin: str
    local: bool | None = None


class Tables:
    """All tables; sections by lower-case name. It iterates over the settings."""

    __slots__ = ("always", "changed", "defaults", "legacy", "sections")

    def __init__(
        self,
        sections: Mapping[str, Section],
        always: tuple[Always, ...] = (),
        defaults: tuple[DefaultRule, ...] = (),
        legacy: Sequence[Legacy] = (),
        changed: Sequence[Changed] = (),
    ) -> None:
        self.sections = sections
        self.always = always
        self.defaults = defaults
        self.legacy = legacy
        self.changed = changed

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
