"""Which names say that their value is a secret: the lists of `names.toml`."""

from __future__ import annotations

from functools import cache

import gcfg2helm_mappings


@cache
def listed(kind: str) -> tuple[str, ...]:
    """Return one list of the table: `secret`, `whole`, `doubtful`, `harmless`, `parameters` or `words`."""
    return _table()[kind]


@cache
def _table() -> dict[str, tuple[str, ...]]:
    return {kind: tuple(names) for kind, names in gcfg2helm_mappings.read("names.toml").items()}
