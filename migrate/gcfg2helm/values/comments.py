"""Comments of values files: those that edits bring, each given out once, and those that are in a text already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm.values import write
from gcfg2helm.values.tree import MISSING, NO_COMMENTS, Comments, Edit, Path, Tree, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gcfg2helm.values.read import Node

TODO = "TODO(gcfg2helm): "
MORE = "  "  # begins each line of a question but the first, behind the blank that follows every `#`
WIDTH = 74  # of a comment: with its `#`, it fits 80 columns as deep as settings are
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[ ]?([^\n]*)", re.MULTILINE)


class CommentsByPath:
    """All comments that edits bring, by path; each is given out once.

    `present` are the comment lines that the file has already: beside a key that is there, they do not come again.
    """

    def __init__(self, edits: Sequence[Edit], tree: Mapping[str, Tree], present: frozenset[str] = frozenset()) -> None:
        self._comments: dict[Path, Comments] = {}
        self._present = present
        for edit in edits:
            if edit.comments is NO_COMMENTS and not edit.todo:
                continue
            path, comments, todo = edit.path, edit.comments, tuple(todo_lines(edit.todo))
            if find(tree, path) is MISSING:
                while path and find(tree, path) is MISSING:
                    path = path[:-1]
                beside = (comments.beside,) if comments.beside else ()
                comments = Comments(after=(*comments.above, *beside, *comments.after, *todo))
            else:
                comments = comments._replace(above=(*comments.above, *todo))
            self._comments[path] = self._comments.get(path, NO_COMMENTS).then(comments)

    def bring(self, path: Path, comments: Comments) -> None:
        """Add comments that come from another place of the file, in front of the others."""
        if any(comments):
            self._comments[path] = comments.then(self._comments.get(path, NO_COMMENTS))
            self._present -= {line.strip() for line in (*comments.above, comments.beside, *comments.after)}

    def take(self, path: Path, *, new: bool) -> Comments:
        """Return the comments of a path; beside a key that is there already, only those that the file does not have."""
        found = self._comments.pop(path, NO_COMMENTS)
        if new:
            return found
        beside = found.beside if found.beside.strip() not in self._present else ""
        return Comments(self._fresh(found.above), beside, self._fresh(found.after))

    def _fresh(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Blank lines stay away, and a question is one comment: its lines come or stay away together."""
        fresh: list[str] = []
        keep, asks = True, False
        for line in lines:
            asks = line.startswith(TODO) or (asks and line.startswith(MORE))
            if not (asks and line.startswith(MORE)):
                keep = bool(line) and line.strip() not in self._present
            if keep:
                fresh.append(line)
        return tuple(fresh)


def todo_lines(text: str) -> list[str]:
    """Return a question as comments: the first line carries the mark, the others begin with `MORE`."""
    if not text:
        return []
    first, *more = text.split("\n")
    begin, *rest = write.filled(TODO + first, WIDTH - len(MORE))
    return [begin, *(MORE + line for line in (*rest, *more))]


# as lines -------------------------------------------------------------------------------------------------------------


def comment_lines(lines: Sequence[str], indent: int) -> Iterator[str]:
    """Yield comments as lines of a file; an empty one is a blank line."""
    yield from (" " * indent + write.comment(line) if line else "" for line in lines)


def entry_lines(key: str, value: Tree, comments: CommentsByPath, path: Path, indent: int) -> Iterator[str]:
    """Yield the lines of a key that the file does not have yet, with its comments."""
    own = comments.take(path, new=True)
    yield from comment_lines(own.above, indent)
    beside = (own.beside,) if own.beside else ()
    if isinstance(value, dict) and value:
        yield from comment_lines(beside, indent)
        yield write.key_lines(key, "", indent)
        for number, (name, item) in enumerate(value.items(), 1):
            # Behind a deeper block, a comment would read as one of what follows.
            early = number == len(value) and isinstance(item, dict | list) and bool(item)
            if early:
                yield from comment_lines(own.after, indent + 2)
            yield from entry_lines(name, item, comments, (*path, name), indent + 2)
            if number == len(value) and not early:
                yield from comment_lines(own.after, indent + 2)
        return
    lines = list(write.entry(key, value, indent))
    with_it = lines[0] + "  " + write.comment(own.beside)
    if own.beside and len(lines) == 1 and len(with_it) <= write.WIDTH:
        lines = [with_it]
    else:
        yield from comment_lines(beside, indent)
    yield from lines
    yield from comment_lines(own.after, indent)


# in a text ------------------------------------------------------------------------------------------------------------


def comments_in(text: str, root: Node | None) -> frozenset[str]:
    """Return all comments of a file, without their `#`."""
    return frozenset(comment.strip() for _, comment in _comments(text, root, 0, len(text)))


def comments_within(text: str, node: Node, path: Path, start: int, end: int) -> Iterator[tuple[Path, Comments]]:
    """Yield the comments between two offsets around a value, by the path of the key that each belongs to.

    That is the key whose value ends on its line, else the next one, else the map that holds them. What is between
    the items of a list belongs to the list.
    """
    yield from _shared_out(text, node, path, list(_comments(text, node, start, end)))


def _shared_out(text: str, node: Node, path: Path, found: list[tuple[int, str]]) -> Iterator[tuple[Path, Comments]]:
    ended: Path = path
    line: int | None = None
    for key, value in node.children:
        begin = value.start if key is None else key.start
        below = path if key is None else (*path, str(key.value))
        while found and found[0][0] < begin:
            at, comment = found.pop(0)
            if text.rfind("\n", 0, at) == line:
                yield ended, Comments(beside=comment)
            else:
                yield below, Comments(above=(comment,))
        end = max(value.end, key.end if key else 0)
        inner = [one for one in found if one[0] < end]
        del found[: len(inner)]
        yield from _shared_out(text, value, below, inner)
        ended, line = below, text.rfind("\n", 0, end)
    for at, comment in found:
        beside = node.children and text.rfind("\n", 0, at) == line
        yield (ended, Comments(beside=comment)) if beside else (path, Comments(after=(comment,)))


def _comments(text: str, node: Node | None, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Yield the comments between two offsets, with where each starts: what looks like one inside a scalar is none."""
    for stop, resume in (*(_texts(node) if node else ()), (end, end)):
        for match in _COMMENT.finditer(text, start, min(stop, end)):
            yield match.start(), match[1].rstrip()
        start = max(start, resume)


def _texts(node: Node) -> Iterator[tuple[int, int]]:
    """Yield where the scalars of a value are, keys too."""
    if not node.children:
        yield node.start, node.end
    for key, value in node.children:
        if key is not None:
            yield from _texts(key)
        yield from _texts(value)


def comments_leaving(
    text: str, root: Node, path: Path, meant: Mapping[str, Tree], moved: Node | None = None
) -> tuple[str, ...]:
    """Return the comments, without their `#`, that would go with the key at `path`, which `meant` does not have any more.

    Comments above the key belong to it only where its whole map goes.
    """
    node, start, end = root, -1, 0
    for depth, name in enumerate(path, 1):
        gone = find(meant, path[:depth]) is MISSING
        previous = -1
        for key, value in node.children:
            if key is not None and key.value == name:
                break
            previous = _line_end(text, value.end)
        else:
            return ()
        if gone and key is not None:
            own = text.rfind("\n", 0, key.start) + 1
            start = own if start < 0 else max(start, previous)
        node, end = value, max(value.end, key.end if key else 0)
    if start < 0:
        return ()
    return tuple(comment for _, comment in _comments(text, node, start, _line_end(text, end)))


def _line_end(text: str, offset: int) -> int:
    """Return the end of the line that the last character before an offset is on."""
    while offset and text[offset - 1] in "\r\n\t ":
        offset -= 1
    found = text.find("\n", offset)
    return len(text) if found < 0 else found
