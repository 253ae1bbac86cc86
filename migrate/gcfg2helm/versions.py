"""Versions of charts and of Connect: dotted numbers that compare, nothing more."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_DOTTED = re.compile(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?:[-+][0-9A-Za-z.+-]*)?", re.ASCII)


class Version(NamedTuple):
    """Three numbers; compares as they do. `str()` gives `0.21.0`; Connect's own spelling is kept by who shows it."""

    major: int
    minor: int
    patch: int

    @classmethod
    @lru_cache(1024)  # the tables name few versions, and each often
    def parse(cls, text: str) -> Version:
        """Read `0.21.0`, `v0.21.0`, `2026.08` (patch 0); a pre-release or build suffix is ignored.

        Raises ValueError for anything else.
        """
        match = _DOTTED.fullmatch(text)
        if match is None:
            raise ValueError(f"not a version: {text!r}")
        return cls(int(match[1]), int(match[2]), int(match[3] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


class Span(NamedTuple):
    """A half-open range of versions: from `since` (None: from the first) up to, not including, `before`."""

    since: Version | None = None
    before: Version | None = None

    def __contains__(self, version: object) -> bool:
        if not isinstance(version, Version):
            return False
        return (self.since is None or self.since <= version) and (self.before is None or version < self.before)

    def overlaps(self, other: Span) -> bool:
        """Whether a version can lie in both."""
        return (self.since is None or other.before is None or self.since < other.before) and (
            other.since is None or self.before is None or other.since < self.before
        )

    def __str__(self) -> str:
        match self.since, self.before:
            case None, None:
                return "all versions"
            case None, before:
                return f"before {before}"
            case since, None:
                return f"from {since}"
            case since, before:
                return f"{since} to before {before}"
