"""Where in the values files a finding is: the line of the key that it speaks of, in the last file that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, Place
from gcfg2helm.values import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.upgrade.model import Request
    from gcfg2helm.values.read import Node
    from gcfg2helm.values.tree import Path


def placed(request: Request, findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with their places, as far as the files of the request have their paths."""
    files = [(name, text, read.compose(text, name)) for name, text in request.files]
    return [one if one.place or not one.path else _placed(request.prefix, files, one) for one in findings]


def _placed(prefix: Path, files: Sequence[tuple[str, str, Node | None]], one: Finding) -> Finding:
    for name, text, root in reversed(files):
        key = _key(root, (*prefix, *one.path))
        if key is not None:
            line = text.count("\n", 0, key.start) + 1
            return one._replace(place=Place(name, line, key.column + 1))
    return one


def _key(root: Node | None, path: Path) -> Node | None:
    """Return the key at a path; None where a file does not have it."""
    node, key = root, None
    for part in path:
        if node is None:
            return None
        pair = next(((k, v) for k, v in node.children if k is not None and k.value == part), None)
        if pair is None:
            return None
        key, node = pair
    return key
