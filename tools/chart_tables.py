"""The tables of mappings/gcfg2helm_mappings/chart/ that charts themselves fill: versions, defaults, templates, paths."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gcfg2helm.chart import given, history
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TABLES = Path(__file__).parent.parent / "mappings/gcfg2helm_mappings/chart"
_STEP = re.compile(r"\d+\.\d+\.\d+")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def record_facts(charts: Sequence[given.Files], folder: Path = TABLES) -> None:
    """Write what the charts say of themselves into the tables of a folder."""
    new = {one.version: one for one in charts}
    versions = sorted({*history.versions(), *new})
    connects = {one: new[one].app_version if one in new else history.app_version(one) for one in versions}
    defaults = {one: given.without_nulls(new[one].values) if one in new else history.defaults(one) for one in versions}
    digests = {one: new[one].digests if one in new else history.digests(one) for one in versions}
    _save_versions(folder / "versions.toml", connects)
    for _ in range(2):  # what is new finds its place among its own kind when the table is read again
        save(folder / "defaults.toml", _default_lines(defaults, _order(folder / "defaults.toml")))
    names = sorted({path for one in digests.values() for path in one})
    save(
        folder / "templates.toml",
        (f"{key(name)} = {inline(steps({v: digests[v].get(name, MISSING) for v in versions}))}" for name in names),
    )
    save(folder / "paths.toml", _path_lines(versions, new))


def steps(values: Mapping[Version, Any]) -> dict[str, Any]:
    """Return a value by the versions that brought it; `gone` is the version that took it away. MISSING: not there.

    Raises ValueError for one that comes again after it went, which the tables cannot say.
    """
    made: dict[str, Any] = {}
    last: object = MISSING
    for version in sorted(values):
        value = values[version]
        if "gone" in made and value is not MISSING:
            raise ValueError(f"a value that went with {made['gone']} is back in {version}")
        if value is MISSING and last is not MISSING:
            made["gone"] = str(version)
        elif value is not MISSING and value != last:
            made[str(version)] = value
        last = value
    return made


def inline(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key(name)} = {inline(one)}" for name, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value, ensure_ascii=False)


def key(name: str) -> str:
    """Return a key as TOML writes it."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def head(path: Path) -> list[str]:
    """Return the comments that a table begins with."""
    lines = path.read_text("utf-8").splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:count]


def save(path: Path, lines: Iterable[str]) -> None:
    """Write a table, where it changes."""
    text = "".join(f"{line}\n" for line in (*head(path), *lines))
    if text != path.read_text("utf-8"):
        path.write_text(text, "utf-8")


def _save_versions(path: Path, connects: Mapping[Version, str]) -> None:
    by_connect: dict[str, list[str]] = {}
    for version in sorted(connects):
        by_connect.setdefault(connects[version], []).append(str(version))
    save(path, (f'"{connect}" = "{" ".join(listed)}"' for connect, listed in by_connect.items()))


def _order(path: Path) -> list[tuple[str, ...]]:
    """Return the paths of the table of defaults, so that they keep their places."""
    import tomllib

    found: list[tuple[str, ...]] = []

    def walk(node: Mapping[str, Any], at: tuple[str, ...]) -> None:
        for name, value in node.items():
            if isinstance(value, dict) and any(one == "gone" or _STEP.fullmatch(one) for one in value):
                found.append((*at, name))
            elif isinstance(value, dict):
                walk(value, (*at, name))

    walk(tomllib.loads(path.read_text("utf-8")), ())
    return found


def _default_lines(defaults: Mapping[Version, Mapping[str, Any]], order: list[tuple[str, ...]]) -> Iterable[str]:
    """Yield the table of defaults: each leaf under the header of its map."""
    leaves = {path for tree in defaults.values() for path in given.leaves(dict(tree))}
    paths = [*order, *sorted(leaves - set(order))]
    # What is a map of values in one version and none in another is as a whole where it is one in any.
    wholes = [path for path in paths if not any(len(one) < len(path) and path[: len(one)] == one for one in paths)]
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in wholes:
        made = steps({version: find(tree, path) for version, tree in defaults.items()})
        if made:
            groups.setdefault(path[:-1], []).append(f"{key(path[-1])} = {inline(made)}")
    for folder in sorted(groups, key=lambda one: one != ()):
        yield from ("", f"[{'.'.join(map(key, folder))}]") if folder else ()
        yield from groups[folder]


def _path_lines(versions: list[Version], new: Mapping[Version, given.Files]) -> Iterable[str]:
    """Yield the table of paths: each with the versions that have it, those of the same versions together."""
    kinds: dict[tuple[str, bool], set[Version]] = {}
    for version in versions:
        found = _ends(new[version].values, version) if version in new else _known_ends(version)
        for path, is_free in found:
            kinds.setdefault(("/".join(path), is_free), set()).add(version)
    groups: dict[str, dict[bool, list[str]]] = {}
    for (text, is_free), having in kinds.items():
        groups.setdefault(_ranges(having, versions), {False: [], True: []})[is_free].append(text)
    for ranges in sorted(groups, key=_first):
        yield from ("", "[[path]]", f'in = "{ranges}"')
        for is_free, name in ((False, "leaf"), (True, "free")):
            if groups[ranges][is_free]:
                yield from (f"{name} = [", *(f"    {json.dumps(one)}," for one in sorted(groups[ranges][is_free])), "]")


def _first(ranges: str) -> tuple[list[Version], str]:
    """Return what ranges are sorted by: their first version; `*` comes first."""
    return ([] if ranges == "*" else [Version.parse(part.split("-")[0]) for part in ranges.split()]), ranges


def _known_ends(version: Version) -> list[tuple[tuple[str, ...], bool]]:
    known, free = history.paths(version), history.free(version)
    inner = {path[:length] for path in known for length in range(1, len(path))}
    return [(path, path in free) for path in known if path in free or path not in inner]


def _ends(values: Any, version: Version) -> list[tuple[tuple[str, ...], bool]]:
    """Return where the paths of a values.yaml end; below a path that takes any key in the version before, all do."""
    free = history.free(history.at_most(version))
    found: list[tuple[tuple[str, ...], bool]] = []

    def walk(node: Any, at: tuple[str, ...]) -> None:
        # A slash is in no name of a chart's value, but in annotations: any key goes there.
        if at in free or (isinstance(node, dict) and (not node or any("/" in name for name in node))):
            found.append((at, True))
        elif isinstance(node, dict):
            for name, value in node.items():
                walk(value, (*at, name))
        else:
            found.append((at, False))

    for name, value in values.items():
        walk(value, (name,))
    return found


def _ranges(having: set[Version], versions: list[Version]) -> str:
    """Return versions as half-open ranges; `*` is all."""
    if len(having) == len(versions):
        return "*"
    parts: list[str] = []
    start: Version | None = None
    for version in versions:
        if version in having and start is None:
            start = version
        elif version not in having and start is not None:
            parts.append(f"{start}-{version}")
            start = None
    return " ".join([*parts, *([f"{start}-"] if start is not None else [])])
