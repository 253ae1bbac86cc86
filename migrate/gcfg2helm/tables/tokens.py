"""The shapes of well-known tokens, from `tokens.toml`: a text of such a shape is a secret wherever it is."""

from __future__ import annotations

import re
from functools import cache

import gcfg2helm_mappings


@cache
def _rows() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    parts = gcfg2helm_mappings.read("tokens.toml")
    return tuple((tuple(row["heads"]), tuple(row["shapes"])) for part in parts.values() for row in part.values())


def shapes(text: str) -> list[re.Pattern[str]]:
    """Return the shapes that may be in a text: those of which a head is in it.

    Raises ValueError or re.error for a table that is no good; it is part of the package.
    """
    return [_compiled(one) for heads, listed in _rows() if any(head in text for head in heads) for one in listed]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
