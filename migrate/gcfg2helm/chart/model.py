"""One chart as rules and renderings see it, and what rendering it gives: the gcfg, or the reasons why it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gcfg2helm.findings import Finding
    from gcfg2helm.values.tree import Path as ValuesPath
    from gcfg2helm.values.tree import Tree
    from gcfg2helm.versions import Version


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Chart:
    """One version of the chart: `version` is what rules compare, `app_version` the Connect that it installs.

    `defaults` are its default values; the tree is shared, so it is not to be changed. `known`: the tables know this version
    as it is, so the built-in model speaks for it. `source` is the folder or archive that it was read from, if any.
    Of a chart that the tables do not know: `stated` is its version as Chart.yaml writes it, `published` whether that is a
    published version (then this is a changed one), `gone` and `came` are the values outside `config` that it has no longer,
    and newly, against the newest known version up to it.
    """

    version: Version
    app_version: str
    defaults: Mapping[str, Tree]
    known: bool = True
    source: Path | None = None
    stated: str = ""
    published: bool = True
    gone: tuple[ValuesPath, ...] = ()
    came: tuple[ValuesPath, ...] = ()

    def __str__(self) -> str:
        return self.stated or str(self.version)

    def __repr__(self) -> str:
        return f"<Chart {self}>"

    @property
    def unknown(self) -> str:
        """Why the built-in model cannot speak for it; empty where it can."""
        changed = f"chart {self} is not as it was published" if self.published else f"chart {self} is unknown"
        return "" if self.known else changed

    def lacks(self, path: ValuesPath) -> bool:
        """Whether a values path is one, or lies below one, that this chart has no longer."""
        return any(path[: len(one)] == one for one in self.gone)


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
