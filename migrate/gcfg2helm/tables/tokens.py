"""The shapes of well-known tokens, from `tokens.toml`: a text of such a shape is a secret wherever it is."""

from __future__ import annotations

import re
import tomllib
from functools import cache

from gcfg2helm.tables.rows import package_folder


@cache
def shapes() -> tuple[re.Pattern[str], ...]:
    """Return all shapes. Raises ValueError or re.error for a table that is no good; it is part of the package."""
    parts = tomllib.loads((package_folder() / "tokens.toml").read_text("utf-8"))
    return tuple(re.compile(text) for part in parts.values() for texts in part.values() for text in texts)
