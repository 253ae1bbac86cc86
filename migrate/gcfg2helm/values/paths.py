"""Paths in the values as people read and write them; inside the program they are tuples of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.masked import shown
from gcfg2helm.values import write

if TYPE_CHECKING:
    from gcfg2helm.values.tree import Path


def dotted(path: Path) -> str:
    """Return a values path for people: keys that hold more than letters and digits in quotes, as YAML has them."""
    return ".".join(map(_key, keys(path))).replace(".[", "[")


def keys(path: Path) -> list[str]:
    """Return the keys of a path as reports may have them: a secret in one shows as stars."""
    return list(map(shown, path))


def _key(key: str) -> str:
    if key.replace("_", "").replace("-", "").isalnum() or (key[:1] == "[" and key[1:-1].replace("-", "").isalnum()):
        return key
    shown = write.visible(key)
    return f"'{shown}'" if "'" not in shown else f'"{shown}"'
