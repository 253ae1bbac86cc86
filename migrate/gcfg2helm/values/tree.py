"""The values as a tree, and the changes that a plan asks of it. How they come into a file's text: `splice`."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from gcfg2helm.masked import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gcfg2helm.findings import Place

Path: TypeAlias = tuple[str, ...]
Scalar: TypeAlias = "str | int | float | bool | Secret | None"
Tree: TypeAlias = "Scalar | list[Tree] | dict[str, Tree]"


class _Missing:
    """The type of `MISSING`, so that a path without a value is told apart from one that holds null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


class Comments(NamedTuple):
    """Comments of a key, without their `#`: lines above it, one beside it, lines behind the end of its block."""

    above: tuple[str, ...] = ()
    beside: str = ""
    after: tuple[str, ...] = ()

    def then(self, more: Comments) -> Comments:
        """Return both together; where both are beside the key, the first goes above it."""
        moved = (self.beside,) if self.beside and more.beside else ()
        return Comments((*self.above, *moved, *more.above), more.beside or self.beside, (*self.after, *more.after))


NO_COMMENTS = Comments()


class Carried(NamedTuple):
    """How the text of a value moves: from `origin` to the key `to`; `append`: its items go behind those of the list there.

    A part of `to` in brackets, `[connect-content]`, is the item of a list that has this name. `inside` leads on in the
    text of a value that is YAML itself.
    """

    origin: Path
    to: Path
    append: bool = False
    inside: Path = ()


class Edit(NamedTuple):
    """One change of the values: the value that comes to `path` (None is written as `null`), or its removal.

    `todo` is a question that only a person can answer: it is above the key as a `TODO(gcfg2helm)` comment.
    `source` holds the places that it comes from. `comments_only`: the value stays as it is, only the comments
    are set; where the key does not exist they are where it would. `origin` is the path that the value moves from: the
    comments there come along, and what is `carried` comes as it is written there.
    """

    path: Path
    value: Tree = None
    comments: Comments = NO_COMMENTS
    remove: bool = False
    todo: str = ""
    source: tuple[Place, ...] = ()
    comments_only: bool = False
    origin: Path = ()
    carried: tuple[Carried, ...] = ()

    def __repr__(self) -> str:
        return f"<Edit of {self.path}>"  # the value may be a secret of an existing values.yaml


def find(tree: object, path: Path) -> object:
    """Return what is at a path; `MISSING` where nothing does."""
    for key in path:
        if not isinstance(tree, dict) or key not in tree:
            return MISSING
        tree = tree[key]
    return tree


def applied(tree: Mapping[str, Tree], edits: Iterable[Edit]) -> dict[str, Tree]:
    """Return a new tree with all edits made, in order; what stands in the way of a path gives way to a map."""
    new: dict[str, Tree] = copy.deepcopy(dict(tree))
    for edit in edits:
        if edit.comments_only or not edit.path:
            continue
        *parents, last = edit.path
        node: dict[str, Tree] = new
        for key in parents:
            below = node.get(key)
            if not isinstance(below, dict):
                if edit.remove:
                    break
                below = node[key] = {}
            node = below
        else:
            if edit.remove:
                node.pop(last, None)
            else:
                node[last] = copy.deepcopy(edit.value)
    return new


def item(name: str) -> str:
    """Return the part of a path that stands for the item of a list which has this name."""
    return f"[{name}]"


def item_name(part: str) -> str:
    """Return the name of the item that a part of a path stands for; empty for a key."""
    return part[1:-1] if part.startswith("[") and part.endswith("]") else ""


def put(tree: dict[str, Tree], path: Path, value: Tree, *, append: bool = False) -> bool:
    """Set a value in a tree, items of lists by their name; returns whether the place was free."""
    node: Tree = tree
    for part, below in pairwise(path):
        node = _below(node, part, [] if item_name(below) else {})
        if node is None:
            return False
    last = path[-1]
    if not isinstance(node, dict):
        return False
    present = node.get(last)
    if append and isinstance(present, list) and isinstance(value, list):
        node[last] = [*present, *value]
        return True
    if present not in (None, "", {}, []) or isinstance(present, bool):
        return same(present, value)
    node[last] = copy.deepcopy(value)
    return True


def _below(node: Tree, part: str, empty: Tree) -> Tree:
    """Return what is below a node, made where there is nothing; None where something else is there."""
    name = item_name(part)
    if name:
        if not isinstance(node, list):
            return None
        found = next((one for one in node if isinstance(one, dict) and one.get("name") == name), None)
        if found is None:
            found = {"name": name}
            node.append(found)
        return found
    if not isinstance(node, dict):
        return None
    if node.get(part) in (None, {}, []):
        node[part] = empty
    return node[part] if isinstance(node[part], type(empty)) else None


def take_out(tree: dict[str, Tree], path: Path, keep: Path = ()) -> None:
    """Take a path out of a tree, and the maps above it that are empty then, as far as they do not lead to `keep`."""
    for depth in range(len(path), 0, -1):
        above = find(tree, path[: depth - 1])
        if not isinstance(above, dict):
            return
        if depth < len(path) and (above.get(path[depth - 1]) != {} or keep[:depth] == path[:depth]):
            return
        above.pop(path[depth - 1], None)


def identity(tree: object) -> object:
    """Return something hashable that two trees share exactly where they are `same`: to look a tree up among many."""
    tree = tree.reveal() if isinstance(tree, Secret) else tree
    if isinstance(tree, dict):
        return dict, frozenset((key, identity(value)) for key, value in tree.items())
    if isinstance(tree, list):
        return list, tuple(map(identity, tree))
    return type(tree), tree


def same(one: object, other: object) -> bool:
    """Whether two trees are equal and of the same types throughout: `1` is not `true`, a Secret is its text."""
    one = one.reveal() if isinstance(one, Secret) else one
    other = other.reveal() if isinstance(other, Secret) else other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other
