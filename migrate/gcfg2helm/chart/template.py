"""What the chart's templates do with values: the few rules of Go's text/template and of sprig that they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.masked import Secret
from gcfg2helm.values.scalars import printed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gcfg2helm.values.tree import Path, Tree


class Stop(Exception):  # noqa: N818 - the template's end, not an error of this program
    """The template stops: what is at `path` is not what it reads there."""

    def __init__(self, path: Path, wanted: str) -> None:
        super().__init__(path, wanted)
        self.path = path
        self.wanted = wanted


def truth(value: Tree) -> bool:
    """Whether `if` takes the value for true: all but null, false, 0 and what is empty."""
    return bool(value.reveal()) if isinstance(value, Secret) else bool(value)


def field(values: Tree, *path: str) -> Tree:
    """Return `.Values.a.b`; a missing last key is null. Raises Stop where a key before it is missing or no map."""
    node = values
    for depth, key in enumerate(path):
        if not isinstance(node, dict):
            raise Stop(path[:depth], "a map")
        node = node.get(key)
    return node


def a_map(value: Tree, path: Path) -> dict[str, Tree]:
    """Return a value that must be a map, as `hasKey` wants it. Raises Stop."""
    if not isinstance(value, dict):
        raise Stop(path, "a map")
    return value


def a_text(value: Tree, path: Path) -> str:
    """Return a value that must be a text. Raises Stop."""
    if isinstance(value, Secret):
        return value.reveal()
    if not isinstance(value, str):
        raise Stop(path, "text")
    return value


def dig(tree: Tree, path: Path, default: Tree) -> Tree:
    """Return sprig's `dig` below `config`: the default where a key is missing. Raises Stop where one is no map."""
    node = tree
    for depth, key in enumerate(path):
        found = a_map(node, ("config", *path[:depth]))
        if key not in found:
            return default
        node = found[key]
    return node


def default(value: Tree, fallback: Tree) -> Tree:
    """Return sprig's `default`: the fallback for everything that is not true."""
    return value if truth(value) else fallback


def each(value: Tree, path: Path) -> Iterable[tuple[str, Tree]]:
    """Return what `range` goes over, sorted by key: a map or a list; null is empty. Raises Stop for anything else."""
    if value is None:
        return ()
    if isinstance(value, list):
        return ((str(number), item) for number, item in enumerate(value))
    return sorted(a_map(value, path).items())


def overwritten(below: dict[str, Tree], above: dict[str, Tree]) -> dict[str, Tree]:
    """Return sprig's `mergeOverwrite`: maps merge, everything else of `above` wins, a null too."""
    merged = dict(below)
    for key, value in above.items():
        mine = merged.get(key)
        merged[key] = overwritten(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return merged


def ini(sections: dict[str, Tree]) -> str:
    """Print a map of maps as the chart's library prints a gcfg. Raises Stop where a section is neither map nor list."""
    blocks: list[str] = []
    for section, keys in sorted(sections.items()):
        lines = [f"[{section}]"]
        for key, value in each(keys, ("config", section)):
            lines += [f"{key} = {_alone(item)}" for item in (value if isinstance(value, list) else [value])]
        blocks.append("\n".join(lines) + "\n")
    # Helm takes out what text/template prints for a null, wherever it is.
    return "\n".join(blocks).replace("<no value>", "")


def _alone(value: Tree) -> str:
    return "" if value is None else printed(value)
