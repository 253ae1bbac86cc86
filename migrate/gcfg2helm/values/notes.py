"""The comments that edits bring into a file, each given out once, and the lines of keys that it does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.values import write
from gcfg2helm.values.tree import MISSING, NO_COMMENTS, Comments, Edit, Path, Tree, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TODO = "TODO(gcfg2helm): "


class Note:
    __slots__ = ("above", "after", "beside")

    def __init__(self, above: Sequence[str] = (), beside: str = "", after: Sequence[str] = ()) -> None:
        self.above = list(above)
        self.beside = beside
        self.after = list(after)


class Notes:
    """All comments that the edits bring, by path; each is given out once."""

    def __init__(self, edits: Sequence[Edit], tree: Mapping[str, Tree], present: frozenset[str]) -> None:
        self._notes: dict[Path, Note] = {}
        self._present = present
        for edit in edits:
            if edit.comments is NO_COMMENTS and not edit.todo:
                continue
            path, comments = edit.path, edit.comments
            homeless = find(tree, path) is MISSING
            while path and find(tree, path) is MISSING:
                path = path[:-1]
            self._add(path, edit, comments, homeless=homeless)

    def _add(self, path: Path, edit: Edit, comments: Comments, *, homeless: bool) -> None:
        note = self._notes.setdefault(path, Note())
        todo = self._todo(edit.todo)
        if homeless:
            note.after += [*comments.above, *filter(None, [comments.beside]), *comments.after, *todo]
            return
        if note.beside and comments.beside:
            note.above.append(note.beside)
        note.above += [*comments.above, *todo]
        note.beside = comments.beside or note.beside
        note.after += comments.after

    def bring(self, path: Path, lines: Sequence[str]) -> None:
        """Add comments that come from another place of the file."""
        if lines:
            note = self._notes.setdefault(path, Note())
            note.above = [*lines, *note.above]

    @staticmethod
    def _todo(text: str) -> list[str]:
        """The first line carries the mark; the lines below it belong to it by their `#:`."""
        if not text:
            return []
        first, *more = text.split("\n")
        return [TODO + first, *(f": {line}" for line in more)]

    def take(self, path: Path, *, new: bool) -> Note:
        """Return the comments of a path; beside a key that stands already, only those that the file does not have."""
        note = self._notes.pop(path, None) or Note()
        if new:
            return note
        beside = "" if self._has(note.beside) else note.beside
        return Note(self._fresh(note.above), beside, self._fresh(note.after))

    def fresh(self) -> bool:
        """Whether any comment is one that the file does not have."""
        notes = self._notes.values()
        return any(self._fresh([*note.above, *filter(None, [note.beside]), *note.after]) for note in notes)

    def _has(self, line: str) -> bool:
        return line.strip() in self._present

    def _fresh(self, lines: list[str]) -> list[str]:
        """A todo is one question: its lines come or stay away together."""
        fresh: list[str] = []
        keep = True
        for line in lines:
            if not line.startswith(":"):
                keep = not self._has(line)
            if keep:
                fresh.append(line)
        return fresh


def comment_lines(lines: Sequence[str], indent: int) -> Iterator[str]:
    for line in lines:
        yield " " * indent + (f"#{line}" if line.startswith(":") else write.comment(line))


def entry_lines(key: str, value: Tree, notes: Notes, path: Path, indent: int) -> Iterator[str]:
    """Yield the lines of a key that the file does not have yet, with its comments."""
    note = notes.take(path, new=True)
    yield from comment_lines(note.above, indent)
    if isinstance(value, dict) and value:
        if note.beside:
            yield from comment_lines([note.beside], indent)
        yield write.key_lines(key, "", indent)
        for name, item in value.items():
            yield from entry_lines(name, item, notes, (*path, name), indent + 2)
        yield from comment_lines(note.after, indent + 2)
        return
    lines = list(write.entry(key, value, indent))
    if note.beside and len(lines) == 1:
        lines[0] += "  " + write.comment(note.beside)
    elif note.beside:
        yield from comment_lines([note.beside], indent)
    yield from lines
    yield from comment_lines(note.after, indent)
