"""The mapping tables of gcfg2helm, as TOML files; no code but the way to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def read(*path: str) -> dict[str, Any]:
    """Return one table as TOML has it, by its path in the folder: `read("chart", "order.toml")`.

    Raises OSError, and ValueError for a file that is no TOML; the tables are part of the package.
    """
    return tomli.loads(folder().joinpath(*path).read_text("utf-8"))


def folder() -> Traversable:
    """Return the folder with the tables.

    Where it is a folder on the disk, as nearly always, it is found without `importlib.resources`, which takes as long to
    import as half of the tables take to load.
    """
    found = Path(__file__).parent
    if found.is_dir():
        return found
    from importlib.resources import files

    return files(__package__)
