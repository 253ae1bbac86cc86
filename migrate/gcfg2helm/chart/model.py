"""What rendering the chart gives: the gcfg with the origin of each line, or the reasons why the chart refuses."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gcfg2helm.findings import Finding


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
