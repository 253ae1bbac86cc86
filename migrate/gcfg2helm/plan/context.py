"""What a transform may know when it decides: the whole configuration, the tables, the target, the admin's answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gcfg2helm import gcfg
from gcfg2helm.chart import managed, template
from gcfg2helm.enums import ChartDefaults, CommentMode, Prefer, SecretMode, Tls
from gcfg2helm.masked import shown
from gcfg2helm.plan import secrets
from gcfg2helm.plan.connect import chart_like, installed
from gcfg2helm.tables import CARRY, Action
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.enums import Backend
    from gcfg2helm.findings import Finding, Place
    from gcfg2helm.plan.decisions import Located, Outcome
    from gcfg2helm.tables import Rule, Setting, Tables
    from gcfg2helm.values.tree import Edit, Path, Tree


class FileReader(Protocol):
    """Reads a file of the old server."""

    def __call__(self, path: str) -> bytes | str | None:
        """Return its bytes; a text says why it cannot be read; None: there is no server's disk at hand (`--root`)."""


def _no_files(path: str) -> bytes | str | None:
    return None


class Options(NamedTuple):
    """What the gcfg cannot know: the answers of the command line. Empty or None: not answered.

    `connect` is the release that reads the configuration, where it is not what the values or the chart start.
    """

    pvc: str = ""
    storage_class: str = ""
    storage_size: str = ""
    nfs: str = ""
    ingress_class: str = ""
    tls_secret: str = ""
    tls: Tls = Tls.INGRESS
    license_file_secret: str = ""
    license_server: str = ""
    images: tuple[str, ...] = ()
    secrets: SecretMode = SecretMode.SEPARATE
    secret_name: str = ""
    secret_store: str = ""
    secret_prefix: str = ""
    chart_defaults: ChartDefaults = ChartDefaults.SERVER
    prefer: Prefer = Prefer.GCFG
    comments: CommentMode = CommentMode.ALL
    not_secret: frozenset[str] = frozenset()
    connect: str = ""
    read_file: FileReader = _no_files
    read_beside: FileReader = _no_files

    def spares(self, *keys: str) -> bool:
        """Whether the admin says of a setting, by any of its names, that it holds no secret (`--not-secret`)."""
        return bool(self.not_secret) and any(key.lower() in self.not_secret for key in keys)

    def read_definition(self, path: str) -> bytes | str | None:
        """Read a file that only describes content, never a key or a certificate: it may also lie beside the gcfg."""
        found = self.read_file(path)
        return self.read_beside(path) if found is None else found


@dataclass(slots=True, eq=False, repr=False)
class Group:
    """All entries of one setting in one section: `live` are those that count, in order.

    `known`: the tables list the setting; else `setting` is made of the entry itself.
    """

    setting: Setting
    known: bool
    subsection: str | None
    entries: list[Located]
    live: list[Located] = field(default_factory=list)
    texts: list[str] | None = None

    def __repr__(self) -> str:
        return f"<Group {self.key}>"

    @property
    def header(self) -> str:
        """The section as the header names it, in canonical capitals: `LDAP "x"`."""
        text = gcfg.header(self.setting.section, self.subsection)
        return text if self.subsection is None else secrets.as_key(text)

    @property
    def key(self) -> str:
        """The setting as people write it: `LDAP "x".BindDN`."""
        return f"{shown(self.header)}.{self.setting.name}"

    @property
    def values(self) -> list[str]:
        """The values that count; a name without `=` reads as true, which is what it means for a boolean.

        `texts` takes their place where it is set: the values without the passwords in their URLs.
        """
        if self.texts is not None:
            return self.texts
        return ["true" if at.entry.value is None else at.entry.value for at in self.live]

    @property
    def value(self) -> str:
        """The value that counts where only one does; empty where none is left."""
        return self.values[-1] if self.live else ""

    @property
    def last(self) -> Located:
        """The entry to point at."""
        return (self.live or self.entries)[-1]


class Result(NamedTuple):
    """What a transform decides of one group.

    `values` are what is under `config` (None: as the file has them) for the outcomes CARRIED and RENAMED;
    `setting` the new name for RENAMED. `edits` are proposals outside `config`: what an existing values.yaml says there
    wins. `path` is where a MOVED entry is now.
    """

    outcome: Outcome
    values: Sequence[str] | None = None
    setting: Setting | None = None
    subsection: str | None = None
    edits: tuple[Edit, ...] = ()
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    path: Path = ()

    def __repr__(self) -> str:
        return f"<Result {self.outcome.value}>"  # the values may be secrets


class Context:
    """The configuration as Connect reads it, and everything else a decision may depend on."""

    def __init__(
        self,
        tables: Tables,
        groups: dict[tuple[str, str | None, str], Group],
        chart: Chart,
        backend: Backend,
        release: str,
        namespace: str,
        options: Options,
        answers: Mapping[str, Tree],
        connect: Version | None,
    ) -> None:
        self.tables = tables
        self.groups = groups
        self.chart = chart
        self.backend = backend
        self.release = release
        self.namespace = namespace
        self.options = options
        self.answers = answers
        self.connect = connect
        self._like = chart_like(chart, connect)
        self._firsts: dict[str, Group] | None = None
        self.preferred: set[str] = set()  # settings whose value values.yaml says (`--prefer values`)
        self.spared: set[Place] = set()  # entries that hold no secret, as the admin says (`--not-secret`)

    @property
    def reads(self) -> str:
        """The Connect that reads the configuration, as it is written."""
        return self.options.connect or installed(self.chart, self.answers)

    def rule(self, setting: Setting) -> Rule:
        """Return what becomes of a setting for this chart, back end and Connect.

        A name that Connect gave up later is carried where an older Connect reads it.
        """
        rule = setting.rule(self.chart.version, self.backend, self._like)
        if (
            rule.action is Action.RENAME
            and setting.until
            and self.connect
            and self.connect < Version.parse(setting.until)
        ):
            return CARRY
        return rule

    def group(self, key: str, subsection: str | None = None) -> Group | None:
        """Return the group of `Section.Name`; None where the gcfg does not set it."""
        section, _, name = key.lower().partition(".")
        return self.groups.get((section, subsection, name))

    def first(self, setting: Setting) -> Group | None:
        """Return the first group, in any section, of a listed setting that has a value; None where there is none."""
        if self._firsts is None:
            self._firsts = {}
            for group in self.groups.values():
                if group.known and group.setting.key not in self._firsts and any(group.values):
                    self._firsts[group.setting.key] = group
        return self._firsts.get(setting.key)

    def named(self, section: str, name: str) -> Iterator[Group]:
        """Yield the groups of a setting in every named section of that kind, in the file's order."""
        for (group_section, subsection, group_name), group in self.groups.items():
            if group_section == section.lower() and group_name == name.lower() and subsection is not None:
                yield group

    def value(self, key: str) -> str | None:
        """Return the effective value of `Section.Name`, without the secrets of its URLs; None where the gcfg does not set it."""
        group = self.group(key)
        return secrets.without_passwords(group.value) if group and group.live else None

    def flag(self, key: str) -> bool | None:
        """Return the effective value of `Section.Name` as a boolean; None where it is not set or none."""
        value = self.value(key)
        return None if value is None else gcfg.boolean(value)

    def answer(self, *path: str) -> Tree:
        """Return what the existing values.yaml says at a path; None where it says nothing."""
        node: Tree = dict(self.answers)
        for key in path:
            if not isinstance(node, dict) or key not in node:
                return None
            node = node[key]
        return node

    @property
    def fullname(self) -> str:
        """The chart's full name for the release, which its objects carry (`rsc-rstudio-connect`)."""
        try:
            return managed.fullname(dict(self.answers), self.release)
        except template.Stop:  # the chart refuses such a name, and the proof says so
            return managed.fullname({}, self.release)
