"""The comments that stand with a key of an existing file: they move along where its value moves to another key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gcfg2helm.values.tree import MISSING, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.values.tree import Path, Tree

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[ ]?([^\n]*)", re.MULTILINE)


def leaving(text: str, root: Any, path: Path, meant: Mapping[str, Tree]) -> list[str]:
    """Return the comments, without their `#`, that would go with the key at `path`, which `meant` does not have any more.

    `root` is the composed text. Comments above the key belong to it only where its whole map goes.
    """
    node, start = root, -1
    key: Any = None
    for depth, name in enumerate(path, 1):
        gone = find(meant, path[:depth]) is MISSING
        previous = -1
        for key, value in node.value if type(node).__name__ == "MappingNode" else ():
            if key.value == name:
                break
            previous = _line_end(text, value.end_mark.index)
        else:
            return []
        if gone:
            own = _line_start(text, key.start_mark.index)
            start = own if start < 0 else max(start, previous)
        node = value
    end = _line_end(text, _last(node, key))
    held = list(_scalars(node))
    found = (match for match in _COMMENT.finditer(text, start, end)) if start >= 0 else ()
    return [match[1].rstrip() for match in found if not any(one <= match.start() < other for one, other in held)]


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """Return the end of the line that the last character before an offset stands on."""
    while offset and text[offset - 1] in "\r\n\t ":
        offset -= 1
    found = text.find("\n", offset)
    return len(text) if found < 0 else found


def _last(node: Any, key: Any) -> int:
    """Return the offset behind the last character of a value; the marks of block maps reach over comments below them."""
    if type(node).__name__ == "ScalarNode" or node.flow_style or not node.value:
        return max(int(node.end_mark.index), int(key.end_mark.index))
    last = node.value[-1]
    return _last(last[1], last[0]) if isinstance(last, tuple) else _last(last, last)


def _scalars(node: Any) -> Iterator[tuple[int, int]]:
    if type(node).__name__ == "ScalarNode":
        yield node.start_mark.index, node.end_mark.index
        return
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            yield from _scalars(one)
