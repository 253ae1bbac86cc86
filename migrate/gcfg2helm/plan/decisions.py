"""What the plan says: one decision for each entry, the edits of the values, the findings. Pure values, no behaviour."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from gcfg2helm.chart import Chart
from gcfg2helm.enums import Backend
from gcfg2helm.findings import Finding, Place
from gcfg2helm.gcfg import Entry
from gcfg2helm.masked import Secret
from gcfg2helm.values.tree import Edit, Path


class Outcome(Enum):
    """What became of an entry; each has exactly one."""

    CARRIED = "carried"
    SECRET = "secret"  # noqa: S105 - a word, not a password
    MOVED = "moved"
    CHART = "chart"
    RENAMED = "renamed"
    SUPERSEDED = "superseded"
    DROPPED = "dropped"


class Located(NamedTuple):
    """An entry and the input that it is in."""

    file: str
    entry: Entry

    @property
    def place(self) -> Place:
        """Where its name is."""
        from gcfg2helm.findings import Place

        return Place(self.file, self.entry.line, self.entry.column)


class Decision(NamedTuple):
    """What became of one entry: `path` is where it is in the values (empty: nowhere), `setting` its listed name.

    `becomes` says what is under `config` in place of the entry's own value, where that is something else on purpose;
    None: the value itself. `spared`: the admin says that it holds no secret (`--not-secret`).
    """

    at: Located
    outcome: Outcome
    section: str
    setting: str
    path: Path
    reason: str
    origin: str = ""
    variable: str = ""
    becomes: tuple[Secret, ...] | None = None
    spared: bool = False

    @property
    def key(self) -> str:
        """The setting as people write it, with its section's name: `LDAP "x".BindDN`."""
        return f"{self.section}.{self.setting}"


class EnvSecret(NamedTuple):
    """A secret that the pod reads from an environment variable, set from a key of a Kubernetes Secret."""

    variable: str
    secret_key: str
    value: Secret


class Missing(NamedTuple):
    """A Secret or ConfigMap that holds files of the old server's disk, which were not at hand: key and path of each."""

    kind: str
    name: str
    files: tuple[tuple[str, str], ...]


class Plan(NamedTuple):
    """Everything that a conversion decides, before anything is printed or written.

    `edits` make values.yaml, `secret_edits` the second values file of mode 0600; `env_secrets` and `manifests` (name of
    the file's suffix to Kubernetes objects) are in files of their own. `head` are the comments at the top of the gcfg.
    `kept` are the paths under `config` where values.yaml says something else and wins (`--prefer values`).
    `connect` is the release that reads the configuration, empty where that is unknown. `added` are paths under `config`
    that no entry asks for and a decision brings, each with its reason.
    `mounts` are the files that the pod gets, by the path of their mount, each with the entries that name it;
    `missing` are the objects for such files that somebody has to make.
    """

    chart: Chart
    backend: Backend
    release: str
    namespace: str
    decisions: Sequence[Decision] = ()
    edits: Sequence[Edit] = ()
    findings: Sequence[Finding] = ()
    head: Sequence[str] = ()
    secret_edits: Sequence[Edit] = ()
    env_secrets: Sequence[EnvSecret] = ()
    secret_name: str = ""
    manifests: Mapping[str, Sequence[object]] | None = None
    kept: frozenset[Path] = frozenset()
    added: Mapping[Path, str] = {}
    mounts: Mapping[str, Sequence[Place]] = {}
    missing: Sequence[Missing] = ()
    connect: str = ""

    def counts(self) -> dict[Outcome, int]:
        """Return how many entries came to which outcome; the numbers add up to the number of entries."""
        counts = dict.fromkeys(Outcome, 0)
        for decision in self.decisions:
            counts[decision.outcome] += 1
        return counts

    @property
    def spared(self) -> frozenset[Path]:
        """The paths under `config` of what the admin says is no secret."""
        return frozenset(one.path for one in self.decisions if one.spared and one.path[:1] == ("config",))
