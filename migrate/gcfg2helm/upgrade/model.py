"""What an upgrade starts from, and what comes of it: pure values; the command line reads, asks and writes."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Level
from gcfg2helm.proof.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gcfg2helm.chart import Chart
    from gcfg2helm.chart.helm import Helm
    from gcfg2helm.enums import Backend
    from gcfg2helm.findings import Finding
    from gcfg2helm.masked import Secret
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.splice import Applied
    from gcfg2helm.values.tree import Path, Tree


class Request(NamedTuple):
    """What an upgrade starts from.

    `files` are names and texts of the values, in the order of Helm's `-f`; `backend` None: as it was. `prefix` leads to
    the values of the chart where they are those of a chart around it. `old_helm` and `new_helm` render the two charts
    where they are at hand, else the model does. `released` are the values that Helm has for the release, where they were
    asked for.
    """

    files: Sequence[tuple[str, str]]
    tables: Tables
    old: Chart
    new: Chart
    backend: Backend | None
    release: str
    namespace: str
    keep_defaults: bool = True
    prefix: Path = ()
    old_helm: Helm | None = None
    new_helm: Helm | None = None
    released: Mapping[str, Tree] | None = None

    def __repr__(self) -> str:
        return f"<Request from chart {self.old} to {self.new}>"  # its texts may hold secrets


class Status(Enum):
    """How one setting of the rendered configuration fares."""

    SAME = "same"
    RENAMED = "renamed"
    CHART = "written by the chart"
    DEFAULT = "new default"
    GONE = "gone"
    DIFFERENT = "different"


class Row(NamedTuple):
    """One setting in both renderings: what Connect reads today and then (None: not there), and why it may differ."""

    status: Status
    setting: str
    before: Secret | str | None
    after: Secret | str | None
    reason: str = ""
    path: Path = ()


class Proof(NamedTuple):
    """The comparison of the two renderings; `refused`: the new chart does not render the values.

    `unjudged` says why nothing could be compared.
    """

    rows: Sequence[Row]
    refused: bool = False
    unjudged: str = ""

    def __repr__(self) -> str:
        return f"<Proof of {len(self.rows)} settings>"  # its texts may hold secrets

    def counts(self) -> dict[Status, int]:
        """Return how many settings came to which status."""
        return {status: sum(row.status is status for row in self.rows) for status in Status}

    @property
    def verdict(self) -> Verdict:
        """Proven where the new chart renders, and every difference has its reason."""
        if self.refused or self.unjudged or any(row.status is Status.DIFFERENT for row in self.rows):
            return Verdict.NOT_PROVEN
        named = any(row.status in (Status.DEFAULT, Status.GONE) for row in self.rows)
        return Verdict.BUT_FOR if named else Verdict.PROVEN


class Upgrade(NamedTuple):
    """The result: `before` and `files` are what each file said and says, by name, in Helm's order.

    `moved` leads from the paths of values that moved to their new ones.
    """

    request: Request
    backend: Backend | None
    before: Sequence[dict[str, Tree]]
    files: Mapping[str, Applied]
    proof: Proof
    findings: Sequence[Finding]
    moved: Mapping[Path, Path] = {}

    def __repr__(self) -> str:
        return "<Upgrade>"  # its texts may hold secrets

    @property
    def errors(self) -> list[Finding]:
        """The findings of level error."""
        return [one for one in self.findings if one.level is Level.ERROR]
