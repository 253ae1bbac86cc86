"""Where each entry of the sources is in the values files, by line: from the plan's paths and the files' nodes."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.merge import LIST_PATHS
from gcfg2helm.values import read
from gcfg2helm.values.tree import identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.findings import Place
    from gcfg2helm.plan.decisions import Decision, Plan
    from gcfg2helm.values.read import Node
    from gcfg2helm.values.tree import Path, Tree

# A way into a file: keys, and numbers of items of lists.
Way: TypeAlias = "tuple[str | int, ...]"
_ENV = ("pod", "env")
_MOUNTS = ("pod", "volumeMounts")
_VOLUMES = ("pod", "volumes")
_UNDER_PATH = frozenset({Outcome.CARRIED, Outcome.RENAMED, Outcome.MOVED, Outcome.SECRET, Outcome.CHART})


class Spot(NamedTuple):
    """Lines of a values file: its name, the first and the last line, both 1-based."""

    file: str
    first: int
    last: int


class Written:
    """A values file as text, with the lines of everything in it. `private`: all its values are secrets.

    `nodes` leads from the way to a value to its key (None in lists) and the value itself.
    """

    def __init__(self, name: str, text: str, *, private: bool = False) -> None:
        """Take a file that Helm reads. Raises read.YamlError."""
        self.name = name
        self.text = text.removeprefix("\ufeff")
        self.private = private
        self.nodes: dict[Way, tuple[Node | None, Node]] = {}
        self._ends = [offset for offset, char in enumerate(self.text) if char == "\n"]
        root = read.compose(self.text, name)
        if root is not None:
            self.nodes.update(_below((), root))

    def __repr__(self) -> str:
        return f"<Written {self.name}>"  # its text may hold secrets

    def line(self, offset: int) -> int:
        """Return the line of an offset."""
        return bisect_right(self._ends, offset - 1) + 1

    def spot(self, way: Way) -> Spot | None:
        """Return the lines of what is there, its key included; None where nothing does."""
        if way not in self.nodes:
            return None
        key, node = self.nodes[way]
        start, end = (key.start, max(key.end, node.end)) if key else (node.start, node.end)
        return Spot(self.name, self.line(start), self.line(max(end - 1, start)))

    def items(self, way: Way) -> Iterator[tuple[Way, Tree]]:
        """Yield the items of a list, each with the way there."""
        _, node = self.nodes.get(way, (None, None))
        if node is not None and isinstance(node.value, list):
            for number, (_, item) in enumerate(node.children):
                yield (*way, number), item.value


def _below(way: Way, node: Node) -> Iterator[tuple[Way, tuple[Node | None, Node]]]:
    for number, (key, child) in enumerate(node.children):
        here = (*way, number if key is None else str(key.value))
        yield here, (key, child)
        yield from _below(here, child)


class Map:
    """The way from an entry to lines of the values files."""

    def __init__(self, plan: Plan, files: Sequence[Written]) -> None:
        self._plan = plan
        self._files = files
        self._same_path: dict[Path, list[Decision]] = {}
        for decision in plan.decisions:
            if decision.path and decision.outcome is not Outcome.SUPERSEDED:
                self._same_path.setdefault(decision.path, []).append(decision)
        self._number = {id(one): number for members in self._same_path.values() for number, one in enumerate(members)}
        self._named = [
            {str(item["name"]): way for way, item in file.items(_ENV) if isinstance(item, dict) and "name" in item}
            for file in files
        ]
        self._followed: dict[tuple[str, int], set[tuple[int, Way]]] = {}
        for edit in plan.edits:
            if edit.source and not edit.remove and not edit.comments_only:
                wanted = identity(edit.value[-1]) if isinstance(edit.value, list) and edit.value else None
                ways = [(number, way) for number in range(len(files)) for way in self._of(number, edit.path, wanted)]
                self._follow(edit.source, ways)
        for path, places in plan.mounts.items():
            self._follow(places, list(self._mounted(path)))

    def _of(self, number: int, path: Path, wanted: object) -> list[Way]:
        """Return what an edit set: of a list that others add to as well, its own item."""
        if path not in LIST_PATHS:
            return [path]
        return [way for way, item in self._files[number].items(path) if identity(item) == wanted]

    def _mounted(self, path: str) -> Iterator[tuple[int, Way]]:
        """Yield the mount of a file, and its volume."""
        for number, file in enumerate(self._files):
            for way, mount in file.items(_MOUNTS):
                if isinstance(mount, dict) and mount.get("mountPath") == path:
                    yield number, way
                    for volume, item in file.items(_VOLUMES):
                        if isinstance(item, dict) and item.get("name") == mount.get("name"):
                            yield number, volume

    def _follow(self, places: Sequence[Place], ways: Sequence[tuple[int, Way]]) -> None:
        for place in places:
            self._followed.setdefault((place.file, place.line), set()).update(ways)

    def spots(self, decision: Decision) -> list[Spot]:
        """Return where an entry is, then what follows from it; empty: nowhere."""
        at = decision.at.file, decision.at.entry.line
        ways = [*self._own(decision), *sorted(self._followed.get(at, ()), key=str)]
        found = [
            spot
            for number, way in ways
            if (spot := self._files[number].spot(way)) and not (way == decision.path and self._is_item(decision, way))
        ]
        return list(dict.fromkeys(found))

    def above(self, decision: Decision) -> list[Spot]:
        """Return the lines of the keys whose lists hold the entry's own item."""
        keys = [file.spot(decision.path) for file in self._files] if self._is_item(decision, decision.path) else []
        return [Spot(one.file, one.first, one.first) for one in keys if one]

    def path(self, path: Path) -> list[Spot]:
        """Return where a path of the values is."""
        return [spot for file in self._files if (spot := file.spot(path))] if path else []

    def spared(self, file: int) -> frozenset[Way]:
        """Return the ways in the file of that number to what the admin says is no secret."""
        found = (one for decision in self._plan.decisions if decision.spared for one in self._own(decision))
        return frozenset(way for number, way in found if number == file and way[0] in ("config", "pod"))

    def _own(self, decision: Decision) -> Iterator[tuple[int, Way]]:
        """Yield where the entry's own value is, or the variable that it became: number of the file, way in it."""
        if decision.outcome not in _UNDER_PATH:
            return
        entry = decision.at.entry
        variables = [decision.variable] if decision.variable else []
        if decision.path == _ENV:  # a variable of the old service that names no setting
            variables += [f"CONNECT_{entry.section}_{entry.name}", f"CONNECT_{entry.section}"]
        for number, named in enumerate(self._named):
            yield from ((number, named[variable]) for variable in variables if variable in named)
            if decision.path and decision.path != _ENV:
                yield number, self._item(number, decision)

    def _item(self, number: int, decision: Decision) -> Way:
        """Return the path of a decision; where several entries make a list of as many items, the entry's own item."""
        together = len(self._same_path.get(decision.path, ()))
        if together > 1 and self._length(number, decision.path) == together:
            return (*decision.path, self._number[id(decision)])
        return decision.path

    def _length(self, number: int, path: Path) -> int:
        """Return how many items the list at a path has; 0 where none is."""
        _, node = self._files[number].nodes.get(path, (None, None))
        return len(node.children) if node is not None and isinstance(node.value, list) else 0

    def _is_item(self, decision: Decision, way: Way) -> bool:
        """Whether the whole of a list is too much, since the entry's own item is known."""
        return any(self._item(number, decision) != way for number in range(len(self._files)))
