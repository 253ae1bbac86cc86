"""One chart as rules and renderings see it, and what rendering it gives: the gcfg, or the reasons why it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gcfg2helm.findings import Finding
    from gcfg2helm.values.tree import Tree
    from gcfg2helm.versions import Version


@dataclass(frozen=True, slots=True)
class Chart:
    """One version of the chart: `version` is what rules compare, `app_version` the Connect that it installs.

    `defaults` are its default values; the tree is shared, so it is not to be changed. `known`: the tables know this version
    as it stands, so the built-in model speaks for it. `source` is the folder or archive that it was read from, if any.
    """

    version: Version
    app_version: str
    defaults: Mapping[str, Tree] = field(compare=False, repr=False)
    known: bool = True
    source: Path | None = None

    def __str__(self) -> str:
        return str(self.version)


class Origin(Enum):
    """Who says what a line of the rendered gcfg says."""

    USER = "user"
    DEFAULT = "default"
    MANAGED = "managed"


class Rendered(NamedTuple):
    """The gcfg that the chart renders, and for each (section header, key) of it whose value it is."""

    gcfg: str
    origins: Mapping[tuple[str, str], Origin]


class Refused(NamedTuple):
    """The chart would not render with these values; every reason found, not only the first."""

    findings: tuple[Finding, ...]
