"""Brings edits into the text of values.yaml: only the lines of what is set change, every other byte stays.

Where the tree that is meant differs from the one that is there, the lines of the node are replaced, and nothing else.
The result is read again and compared with what was meant; where that fails, the whole map is written anew, and the
caller is told.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.values import read, write
from gcfg2helm.values.comments import (
    CommentsByPath,
    comment_lines,
    comments_in,
    comments_leaving,
    comments_within,
    entry_lines,
    todo_lines,
)
from gcfg2helm.values.read import Node, Style
from gcfg2helm.values.tree import MISSING, NO_COMMENTS, Comments, Edit, Path, applied, find, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gcfg2helm.values.tree import Tree

_CONFIG: Path = ("config",)
_OLD = "about the previous value: "  # marks a comment beside a value that changed
_LARGEST = 1024 * 1024  # the record of a Helm release holds no more
_MOST = 25_000
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_TODO_BLOCK = r"(?<![ \t])[ \t]*+# TODO\(gcfg2helm\):[^\n]*(?:\n[ \t]*#(?::|   )[^\n]*)*(?:\n|\Z)"


class Applied(NamedTuple):
    """A file with the edits in it: `tree` is what it says, `rewritten` whether every line had to be written anew."""

    text: str
    tree: dict[str, Tree]
    rewritten: bool = False

    def __repr__(self) -> str:
        return "<Applied>"  # its texts may hold secrets


def create(edits: Sequence[Edit], head: Sequence[str] = (), order: Mapping[str, Tree] | None = None) -> Applied:
    """Return a new file: the comments of the head, then what the edits say, in the order of the keys of `order`.

    What `order` does not know keeps the order of the edits, behind the others; `config` is last, with its sections in
    the order of the edits. Raises read.YamlError for values that are larger than any file may be.
    """
    tree = applied({}, edits)
    if not tree and not head and not any(edit.todo or any(edit.comments) for edit in edits):
        return Applied("", {})
    homeless = [edit for edit in edits if edit.path and edit.path[0] not in tree]
    alone = {edit.path[0] for edit in homeless}
    comments = CommentsByPath([edit for edit in edits if edit not in homeless], tree)
    config = comments.take(_CONFIG, new=True)  # what closes it closes the file
    comments.bring(_CONFIG, config._replace(after=()))
    blocks = [list(comment_lines(head, 0))]
    for key, value in _ordered({**tree, **dict.fromkeys(alone)}, order or {}).items():
        if key in alone:
            about = CommentsByPath([edit for edit in homeless if edit.path[0] == key], {})
            blocks.append(list(comment_lines(about.take((), new=True).after, 0)))
        else:
            blocks.append(list(_sections(entry_lines(key, value, comments, (key,), 0), key)))
    closing = (*config.after, *comments.take((), new=True).after)
    blocks.append(list(comment_lines(closing[closing[:1] == ("",) :], 0)))
    lines = ["---"]
    for number, block in enumerate(filter(None, blocks)):
        lines += block if not number else ["", *block]
    if any(map(_is_too_long, lines)):
        lines.insert(1, "# yamllint disable rule:line-length")
    text = write.joined(lines, "\n")
    back = read.load(text)
    if not same(back, tree):
        raise RuntimeError("the new file does not say what is meant")
    return Applied(text, back)


def _ordered(tree: dict[str, Tree], order: Mapping[str, Tree]) -> dict[str, Tree]:
    """Return a tree with its keys in the order of another one, maps within it too."""
    places = {key: number for number, key in enumerate(order)}
    keys = sorted(tree, key=lambda key: (key in _CONFIG, places.get(key, len(places))))
    ordered: dict[str, Tree] = {}
    for key in keys:
        value, other = tree[key], order.get(key)
        deeper = isinstance(value, dict) and isinstance(other, dict) and key not in _CONFIG
        ordered[key] = _ordered(value, other) if deeper else value  # type: ignore[arg-type]
    return ordered


def _sections(lines: Iterable[str], key: str) -> Iterator[str]:
    """Yield the lines of a top key; before each section of `config` but the first a blank line."""
    above: list[str] = []
    first = True
    for line in lines:
        if key not in _CONFIG or (line and not re.match("  [^ ]", line)):
            yield from above
            above = []
            yield line
        elif not line or line.startswith("  #"):
            above.append(line)
        else:
            yield from above if first else ("", *above)
            above, first = [], False
            yield line
    yield from above


def _is_too_long(line: str) -> bool:
    """Whether yamllint would find a line too long: it has blanks where it could be broken."""
    return len(line) > write.WIDTH and " " in re.sub(r"^ *(?:#+ |- )?", "", line)


def apply(text: str, edits: Sequence[Edit], head: Sequence[str] = (), file: str = "values.yaml") -> Applied:
    """Return the text of an existing file with the edits in it. Raises read.YamlError where it cannot be read."""
    from gcfg2helm.values import relocate

    bom = "\ufeff" if text.startswith("\ufeff") else ""
    body = text[len(bom) :]
    body = relocate.carried(body, edits)
    root = read.compose(body, file)
    old = read.tree_of(root)
    if not old and not body.strip():
        return create(edits, head)
    if len(body) > _LARGEST or _size(old) > _MOST:
        raise read.YamlError(file, 1, 1, "this file is too large to be changed in place; write a new one with -o")
    asked = {tuple(todo_lines(edit.todo)) for edit in edits if edit.todo}
    open_body = re.sub(_TODO_BLOCK, lambda found: found[0] if _question(found[0]) in asked else "", body)
    if open_body != body:
        body, root = open_body, read.compose(open_body, file)
    meant = applied(old, edits)
    present = comments_in(body, root)
    if head:  # below what the administrator wrote at the top
        edits = [Edit(_CONFIG, comments=Comments(tuple(head)), comments_only=True), *edits]
    for how in How:
        splicer = _Splicer(body, CommentsByPath(edits, meant, present), how)
        try:
            spliced = splicer.spliced(root, old, meant, edits)
        except ValueError:  # a layout without the sign that was looked for, such as `? key` without a value
            continue
        if spliced == body or _reads_as(spliced, meant):
            return Applied(bom + spliced, meant, rewritten=how is How.WHOLE)
    raise RuntimeError("the file cannot be made to say what is meant")


def _size(tree: Tree) -> int:
    """Return how many values a tree has."""
    if isinstance(tree, dict | list):
        return 1 + sum(map(_size, tree.values() if isinstance(tree, dict) else tree))
    return 1


def _question(block: str) -> tuple[str, ...]:
    """Return the lines of a question that is in a file, without what makes them comments."""
    return tuple(line.strip().removeprefix("# ") for line in block.rstrip("\n").split("\n"))


def _reads_as(text: str, meant: dict[str, Tree]) -> bool:
    try:
        return same(read.load(text), meant)
    except read.YamlError:
        return False


class How(Enum):
    """How much of a file is written anew; the next is tried where one does not lead to what is meant."""

    LINES = "the lines of what changes"
    EXPANDED = "aliases and merged maps besides, so that what they share can change in one place alone"
    WHOLE = "the whole map"


class _Splicer:
    """Collects replacements of parts of a text, by the positions of its nodes."""

    def __init__(self, text: str, comments: CommentsByPath, how: How) -> None:
        self.how = how
        self.text = text
        self.comments = comments
        self.newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
        self.patches: list[tuple[int, int, str]] = []

    def spliced(self, root: Node | None, old: dict[str, Tree], meant: dict[str, Tree], edits: Sequence[Edit]) -> str:
        """Return the text with everything that is meant."""
        for edit in edits:
            if edit.origin and root is not None:
                leaving = comments_leaving(self.text, root, edit.origin, meant)
                self.comments.bring(edit.path, Comments(leaving))
        if root is not None and root.children and root.style is Style.BLOCK and self.how is not How.WHOLE:
            self._mapping(root, old, meant, ())
        else:
            start, end = (root.start, root.end) if root else (len(self.text), len(self.text))
            if root is not None:
                self._keep_comments(root, root.start, (), meant)
            lines = self._children(meant, (), 0)
            if root is not None:
                lines += comment_lines(self.comments.take((), new=False).after, 0)
            self._patch(start, end, "")
            self._insert(self._next_line(end) if start != end else end, lines)
        after = self.comments.take((), new=False).after
        if after:
            self._insert(len(self.text), list(comment_lines(after, 0)))
        return self._result()

    def _keep_comments(self, node: Node, start: int, path: Path, meant: Tree) -> None:
        """Bring the comments within a value along that is written anew."""
        kept: dict[Path, Comments] = {}
        end = self._next_line(node.end) if node.style is Style.BLOCK else node.end
        for at, found in comments_within(self.text, node, path, start, end):
            below = at[len(path) :]
            while below and find(meant, below) is MISSING:
                below = below[:-1]
            home = (*path, *below)
            if home != at or not (isinstance(meant, dict) and meant):
                lines = (*found.above, *filter(None, (found.beside,)), *found.after)
                found = Comments(after=lines) if below or not path else Comments(lines)  # noqa: PLW2901
            kept[home] = kept.get(home, NO_COMMENTS).then(found)
        for home, found in kept.items():
            self.comments.bring(home, found)

    def _patch(self, start: int, end: int, new: str) -> None:
        if start != end or new:
            self.patches.append((start, end, new))

    def _insert(self, offset: int, lines: list[str]) -> None:
        """Put whole lines at the beginning of the line at an offset, or behind the last one."""
        if not lines:
            return
        new = write.joined(lines, self.newline)
        if offset and self.text[offset - 1] != "\n":
            new = self.newline + new
        self._patch(offset, offset, new)

    def _result(self) -> str:
        text, parts, end = self.text, [], len(self.text)
        numbered = sorted(enumerate(self.patches), key=lambda pair: (pair[1][0], pair[1][1], pair[0]), reverse=True)
        for _, (start, stop, new) in numbered:
            parts += [text[stop:end], new]
            end = start
        return "".join([text[:end], *reversed(parts)])

    # positions -------------------------------------------------------------------------------------------------------

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _next_line(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1

    def _colon(self, key: Node) -> int:
        return self.text.index(":", key.end) + 1

    # the difference --------------------------------------------------------------------------------------------------

    def _mapping(self, node: Node, old: dict[str, Tree], meant: dict[str, Tree], path: Path) -> None:
        """Change one block map into what is meant."""
        pairs = [(key, value) for key, value in node.children if key is not None]
        entries = {str(key.value): (key, value) for key, value in pairs if key.style is not Style.MERGE}
        merges = [pair for pair in pairs if pair[0].style is Style.MERGE]
        indent = node.column
        gone = [entries[name] for name in old if name not in meant and name in entries]
        for key, value in [*gone, *(merges if self.how is How.EXPANDED else ())]:
            self._patch(self._line_start(key.start), self._next_line(max(key.end, value.end)), "")
        added: list[str] = []
        spaced = path in ((), _CONFIG) and self._has_blank_lines(pairs)
        for name, value in meant.items():
            below = (*path, name)
            if name in old and name in entries:
                self._entry(*entries[name], old[name], value, below, indent)
            elif name not in old or self.how is How.EXPANDED or not same(old[name], value):
                added += [""] * spaced
                added += entry_lines(name, value, self.comments, below, indent)
        if path:
            own = self.comments.take(path, new=False)
            first = self._line_start(node.start)
            self._insert(first, list(comment_lines((*own.above, *filter(None, (own.beside,))), indent)))
            added += comment_lines(own.after, indent)
        self._insert(self._next_line(node.end), added)

    def _has_blank_lines(self, pairs: Sequence[tuple[Node, Node]]) -> bool:
        """Whether blank lines part the keys of a map."""
        between = ((one.end, key.start) for (_, one), (key, _) in pairwise(pairs))
        return any(_BLANK_LINE.search(self.text, start, end) for start, end in between)

    def _entry(self, key: Node, node: Node, old: Tree, meant: Tree, path: Path, indent: int) -> None:
        if isinstance(old, dict) and isinstance(meant, dict) and old and node.style is Style.BLOCK:
            self._mapping(node, old, meant, path)
            return
        changes = not same(old, meant) or (node.style is Style.ALIAS and self.how is How.EXPANDED)
        longer = changes and _is_longer(node, old, meant)
        if changes and not longer:
            block = node.style is Style.BLOCK
            self._keep_comments(node, self._next_line(self._colon(key)) if block else node.start, path, meant)
        own = self.comments.take(path, new=False)
        above = list(own.above)
        one_line = not isinstance(meant, dict | list) and "\n" not in self.text[key.start : node.end]
        rest = self.text[node.end : self._next_line(node.end)]
        if changes and one_line and rest.lstrip().startswith("#"):  # it may be true of the old value alone
            above.append(_OLD + rest.strip().removeprefix("#").removeprefix(" "))
            self._patch(node.end, node.end + len(rest.rstrip("\r\n")), "")
            rest = ""
        if own.beside and one_line and not rest.strip():
            self._patch(node.end, node.end, "  " + write.comment(own.beside))
        elif own.beside:
            above.append(own.beside)
        self._insert(self._line_start(key.start), list(comment_lines(above, indent)))
        if longer and isinstance(old, list) and isinstance(meant, list):
            self._insert(self._next_line(node.end), list(write.block(meant[len(old) :], node.column)))
        elif changes:
            self._replace(key, node, meant, path, indent)
        deeper = 2 if changes and isinstance(meant, dict) and meant else 0
        self._insert(self._next_line(node.end), list(comment_lines(own.after, indent + deeper)))

    def _replace(self, key: Node, node: Node, meant: Tree, path: Path, indent: int) -> None:
        start, end = self._colon(key), node.end
        if isinstance(meant, dict | list) and meant:
            lines = self._children(meant, path, indent + 2)
            if node.style is Style.BLOCK or ("\n" in self.text[start:end] and node.style is not Style.FLOW):
                first = self._next_line(start)
                self._patch(first, self._next_line(end), write.joined(lines, self.newline))
            else:
                self._patch(start, end, "")
                self._insert(self._next_line(end), lines)
            return
        text = f" {write.scalar(meant)}"
        if node.start >= start and end > node.start:
            start, text = node.start, text[1:]
        self._patch(start, max(start, end), text)

    def _children(self, meant: Tree, path: Path, indent: int) -> list[str]:
        if not isinstance(meant, dict):
            return list(write.block(meant, indent))
        return [
            line
            for name, item in meant.items()
            for line in entry_lines(name, item, self.comments, (*path, name), indent)
        ]


def _is_longer(node: Node, old: Tree, meant: Tree) -> bool:
    """Whether a list only gets more items."""
    if node.style is not Style.BLOCK or not isinstance(old, list) or not isinstance(meant, list):
        return False
    return bool(old) and same(old, meant[: len(old)])
