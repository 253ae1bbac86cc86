"""What would change in values.yaml, as a list of changes that a person can read: path, old, new. Secrets show as stars."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.masked import STARS, Secret
from gcfg2helm.values import write
from gcfg2helm.values.tree import MISSING, Path, Tree, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Change(NamedTuple):
    """One difference: `old` is MISSING where a value is added, `new` where one is removed."""

    path: Path
    old: object
    new: object

    @property
    def sign(self) -> str:
        """`+` added, `-` removed, `~` changed."""
        return "+" if self.old is MISSING else "-" if self.new is MISSING else "~"


def changes(old: Mapping[str, Tree], new: Mapping[str, Tree], secret: Callable[[Path], bool]) -> list[Change]:
    """Return every difference between two values trees as DeepDiff finds it, in the order of the new tree.

    What `secret` says of a path, and every Secret, is shown as stars; that such a value changed is shown, not how.
    """
    before, after = _differing(dict(old), dict(new), secret, ())
    if not before and not after:
        return []
    if not before:  # nothing was there
        return list(_leaves(Change((), MISSING, after)))
    from deepdiff import DeepDiff

    found: dict[Path, Change] = {}
    kinds = DeepDiff(before, after, view="tree", verbose_level=0, threshold_to_diff_deeper=0)
    for items in kinds.values():
        for item in items:
            path = tuple(f"[{key}]" if isinstance(key, int) else key for key in item.path(output_format="list"))
            for change in _leaves(Change(path, _plain(item.t1), _plain(item.t2))):
                found[change.path] = change
    order = {path: number for number, path in enumerate([*_paths(before), *_paths(after)])}
    return sorted(found.values(), key=lambda change: order.get(change.path, len(order)))


def _plain(value: object) -> object:
    return MISSING if type(value).__name__ == "NotPresent" else value


def _differing(
    old: dict[str, Tree], new: dict[str, Tree], secret: Callable[[Path], bool], path: Path
) -> tuple[dict[str, Tree], dict[str, Tree]]:
    """Return both trees without what is the same in them, and with stars for what is secret."""
    before: dict[str, Tree] = {}
    after: dict[str, Tree] = {}
    for key in [*new, *(key for key in old if key not in new)]:
        below = (*path, key)
        one, other = old.get(key, MISSING), new.get(key, MISSING)
        if isinstance(one, dict) and isinstance(other, dict) and one and other:
            was, becomes = _differing(one, other, secret, below)
            if was or becomes:
                before[key], after[key] = was, becomes
        elif not same(one, other):
            if one is not MISSING:
                before[key] = _masked(one, below, secret)  # type: ignore[arg-type]
            if other is not MISSING:
                after[key] = _masked(other, below, secret, changed=one is not MISSING)  # type: ignore[arg-type]
    return before, after


def _masked(value: Tree, path: Path, secret: Callable[[Path], bool], *, changed: bool = False) -> Tree:
    if isinstance(value, dict):
        return {key: _masked(item, (*path, key), secret, changed=changed) for key, item in value.items()}
    if isinstance(value, Secret) or (secret(path) and not isinstance(value, dict | list) and value is not None):
        return f"{STARS} (changed)" if changed else STARS
    if isinstance(value, list):
        return [_masked(item, path, secret, changed=changed) for item in value]
    return value


def _leaves(change: Change) -> Iterator[Change]:
    """Split the change of a whole map into those of its values."""
    for which, value in (("old", change.old), ("new", change.new)):
        if isinstance(value, dict) and value:
            for key, item in value.items():
                path = (*change.path, str(key))
                yield from _leaves(Change(path, item, MISSING) if which == "old" else Change(path, MISSING, item))
            if which == "old" and change.new is not MISSING and not isinstance(change.new, dict):
                yield Change(change.path, MISSING, change.new)
            elif which == "new" and change.old is not MISSING:
                yield Change(change.path, change.old, MISSING)
            return
    yield change


def _paths(tree: Tree, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _paths(value, (*path, key))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _paths(value, (*path, f"[{number}]"))


def shown(value: object, *, flow: bool = False) -> str:
    """Return a value on one line, as values.yaml would hold it, safe for a terminal; `flow`: within a list or a map."""
    if isinstance(value, dict) and value:
        inner = ", ".join(f"{write.scalar(key, flow=True)}: {shown(item, flow=True)}" for key, item in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list) and value:
        return f"[{', '.join(shown(item, flow=True) for item in value)}]"
    if isinstance(value, Secret) or (isinstance(value, str) and value.startswith(STARS)):
        return str(value)
    return write.scalar(value, flow=flow)
