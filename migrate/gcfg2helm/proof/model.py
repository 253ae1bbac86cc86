"""What a proof is: its rows, its findings, its counts, and the verdict in one of three words."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from gcfg2helm.findings import Finding, Level, Place
from gcfg2helm.masked import Secret
from gcfg2helm.values.tree import Path

_OF_THE_PROOF = "G2H6"  # other warnings, such as a secret in values.yaml, say nothing of what the pod reads


class Status(Enum):
    """How one setting fares."""

    SAME = "same"
    MOVED = "moved"
    SECRET = "secret"  # noqa: S105 - a word, not a password
    CHART = "chart"
    RENAMED = "renamed"
    DROPPED = "dropped"
    KEPT = "kept default"
    OWN = "of values.yaml"
    DIFFERENT = "different"


class Verdict(Enum):
    """What a proof comes to; the same in every command."""

    PROVEN = "proven"
    BUT_FOR = "proven but for"
    NOT_PROVEN = "not proven"


class Row(NamedTuple):
    """One setting of the comparison: the text of either side (None: not there), where it is, why it may differ."""

    status: Status
    setting: str
    server: Secret | str | None = None
    pod: Secret | str | None = None
    place: Place | None = None
    rendered_line: int = 0
    path: Path = ()
    reason: str = ""
    own: bool = False


class Proof(NamedTuple):
    """The whole comparison.

    `totals` counts the entries of the source by what became of each, so that they add up to its settings; `more` counts
    the settings that the pod reads besides: the chart's, kept defaults, keys of values.yaml. `unjudged` says why nothing
    could be compared. `blocks` is what keeps the pod from starting, although it would read all that is proven.
    """

    rows: Sequence[Row]
    findings: Sequence[Finding]
    totals: Mapping[Status, int] = {}
    rendered: str = ""
    more: Mapping[Status, int] = {}
    unjudged: str = ""
    blocks: Sequence[Finding] = ()

    def __repr__(self) -> str:
        return f"<Proof of {sum(self.totals.values())} settings>"  # its texts may hold secrets

    @property
    def doubts(self) -> Sequence[Finding]:
        """What the verdict excepts: each one thing that the program cannot see, or that values.yaml has its own way."""
        return [one for one in self.findings if one.level is Level.WARNING and one.code.startswith(_OF_THE_PROOF)]

    @property
    def verdict(self) -> Verdict:
        """Proven where something was compared and all of it is accounted for."""
        if not (self.totals or self.more) or any(one.level is Level.ERROR for one in self.findings):
            return Verdict.NOT_PROVEN
        return Verdict.BUT_FOR if self.doubts else Verdict.PROVEN

    @property
    def proven(self) -> bool:
        """Whether nothing is left that no decision accounts for; there may be doubts."""
        return self.verdict is not Verdict.NOT_PROVEN

    def heard(self, ignored: Collection[str]) -> "Proof":
        """Return the proof without the findings of some codes (`--ignore`)."""
        findings, blocks = ([one for one in part if one.code not in ignored] for part in (self.findings, self.blocks))
        return self._replace(findings=findings, blocks=blocks)

    def fails(self, *, strict: bool) -> bool:
        """Whether a command exits with 1: not proven; with `strict` (`--strict`) doubts and a pod that does not start, too."""
        if self.verdict is Verdict.PROVEN:
            return strict and bool(self.blocks)
        return strict or (self.verdict is Verdict.NOT_PROVEN and not self.unjudged)

    def counts(self) -> dict[Status, int]:
        """Return how many settings, of either side, came to which status."""
        return {status: self.totals.get(status, 0) + self.more.get(status, 0) for status in Status}
