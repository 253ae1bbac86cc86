"""Brings edits into the text of values.yaml: only the lines of what is set change, every other byte stays.

The existing text is composed into nodes with their positions; where the tree that is meant differs from the one that
stands there, the node's lines are replaced, and nothing else. The result is read again and compared with what was meant;
where that fails, ruamel.yaml rewrites the file whole, and the caller is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gcfg2helm.masked import Secret
from gcfg2helm.values import plainyaml, read, remarks, write
from gcfg2helm.values.notes import TODO, Notes, comment_lines, entry_lines
from gcfg2helm.values.tree import applied, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.values.tree import Edit, Path, Tree

# Up to here the parser, in plain Python, is done in seconds; the record of a Helm release holds 1 MiB.
_LARGEST = 1024 * 1024
_MOST = 25_000
_TODO_BLOCK = re.compile(r"(?<![ \t])[ \t]*+# TODO\(gcfg2helm\):[^\n]*(?:\n[ \t]*#:[^\n]*)*(?:\n|\Z)")
_COMMENT = re.compile(r"(?:^|[ \t])#[ ]?([^\n]*)", re.MULTILINE)
_ALIAS = re.compile(r"\s*\*[^\s,\[\]{}]+")


class Applied(NamedTuple):
    """A file with the edits in it: `tree` is what it says, `rewritten` whether every line had to be written anew."""

    text: str
    tree: dict[str, Tree]
    rewritten: bool = False

    def __repr__(self) -> str:
        return "<Applied>"  # its texts may hold secrets


def create(edits: Sequence[Edit], head: Sequence[str] = ()) -> Applied:
    """Return a new file: the comments of the head, then what the edits say, in their order."""
    tree = applied({}, edits)
    notes = Notes(edits, tree, frozenset())
    lines = [write.comment(line) for line in head]
    if head and tree:
        lines.append("")
    for key, value in tree.items():
        lines += entry_lines(key, value, notes, (key,), 0)
    lines += comment_lines(notes.take((), new=True).after, 0)
    text = write.joined(lines, "\n")
    back = read.load(text)
    if not same(back, tree):
        raise RuntimeError("the new file does not say what is meant")
    return Applied(text, back)


def apply(text: str, edits: Sequence[Edit], head: Sequence[str] = (), file: str = "values.yaml") -> Applied:
    """Return the text of an existing file with the edits in it. Raises read.YamlError where it cannot be read."""
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    body = text[len(bom) :]
    old = read.load(body, file)
    if not old and not body.strip():
        return create(edits, head)
    meant = applied(old, edits)
    asked = {TODO + edit.todo.split("\n")[0] for edit in edits if edit.todo}
    body = _TODO_BLOCK.sub(lambda found: found[0] if _text_of(found[0]) in asked else "", body)
    present = frozenset(line.strip() for line in _COMMENT.findall(body))
    above = [line for line in head if line.strip() not in present]
    if not above and not Notes(edits, meant, present).fresh():
        simple = body if same(old, meant) else plainyaml.changed(body, meant)
        if simple is not None and (simple is body or _reads_as(simple, meant)):
            return Applied(bom + simple, meant)
    if len(body) > _LARGEST or _size(old) > _MOST:
        raise read.YamlError(file, 1, 1, "this file is too large to be changed in place; write a new one with -o")
    for expand in (False, True):
        notes = Notes(edits, meant, present)
        try:
            spliced = _Splicer(body, notes, expand=expand).spliced(old, meant, above, edits)
        except ValueError:  # a layout without the sign that was looked for, such as `? key` without a value
            continue
        if _reads_as(spliced, meant):
            return Applied(bom + spliced, meant)
    rewritten = _rewritten(body, old, meant)
    if rewritten is None:
        message = "this file cannot be changed without changing what it says elsewhere; write its aliases out first"
        raise read.YamlError(file, 1, 1, message)
    return Applied(bom + rewritten, meant, rewritten=True)


def _size(tree: Tree) -> int:
    """Return how many values a tree has."""
    if isinstance(tree, dict | list):
        return 1 + sum(map(_size, tree.values() if isinstance(tree, dict) else tree))
    return 1


def _text_of(block: str) -> str:
    return block.split("\n", maxsplit=1)[0].strip().removeprefix("# ").rstrip()


def _reads_as(text: str, meant: dict[str, Tree]) -> bool:
    try:
        return same(read.load(text), meant)
    except read.YamlError:
        return False


class _Splicer:
    """Collects replacements of parts of a text, by the positions of its nodes.

    `expand`: aliases and merged maps are written out, so that what they share can change in one place alone.
    """

    def __init__(self, text: str, notes: Notes, *, expand: bool) -> None:
        self.expand = expand
        self.text = text
        self.notes = notes
        self.newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
        self.patches: list[tuple[int, int, str]] = []

    def spliced(
        self, old: dict[str, Tree], meant: dict[str, Tree], head: Sequence[str], edits: Sequence[Edit] = ()
    ) -> str:
        """Return the text that says `meant`."""
        from ruamel.yaml import YAML

        yaml = YAML(typ="safe", pure=True)
        yaml.version = (1, 1)
        root: Any = yaml.compose(self.text)
        for edit in edits:
            if edit.origin and root is not None:
                self.notes.bring(edit.path, remarks.leaving(self.text, root, edit.origin, meant))
        if head:
            self._patch(0, 0, write.joined([write.comment(line) for line in head] + [""], self.newline))
        if type(root).__name__ != "MappingNode" or not root.value or root.flow_style:
            start, end = (len(self.text), len(self.text)) if root is None else self._span(root)
            lines = [line for key, value in meant.items() for line in entry_lines(key, value, self.notes, (key,), 0)]
            self._insert_or_replace(start, end, lines)
        else:
            self._mapping(root, old, meant, ())
        after = self.notes.take((), new=False).after
        if after:
            end = len(self.text)
            self._insert(end, list(comment_lines(after, 0)))
        return self._result()

    def _span(self, node: Any) -> tuple[int, int]:
        return node.start_mark.index, node.end_mark.index

    def _insert_or_replace(self, start: int, end: int, lines: list[str]) -> None:
        if start == end:
            self._insert(end, lines)
        elif lines:
            self._patch(start, end, write.joined(lines, self.newline).removesuffix(self.newline))

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

    def _is_alias(self, key: Any, value: Any) -> bool:
        return bool(value.start_mark.index < key.end_mark.index)

    def _colon(self, key: Any) -> int:
        return self.text.index(":", key.end_mark.index) + 1

    def _end(self, key: Any, value: Any) -> int:
        """Return the offset behind a value's last character; block ends are where their last leaf ends."""
        if key is not None and self._is_alias(key, value):
            alias = _ALIAS.match(self.text, self._colon(key))
            return alias.end() if alias else self._colon(key)
        kind = type(value).__name__
        if key is not None and value.start_mark.index == value.end_mark.index:
            return self._colon(key)  # nothing stands there; the marks may point at what follows
        if kind == "MappingNode" and not value.flow_style and value.value:
            return self._end(*value.value[-1])
        if kind == "SequenceNode" and not value.flow_style and value.value:
            return self._end(None, value.value[-1])
        end = int(value.end_mark.index)
        if getattr(value, "style", None) in ("|", ">"):
            if self._keeps_breaks(value):
                return end - 1 if self.text[end - 1] == "\n" else end
            while end > value.start_mark.index and self.text[end - 1] in "\r\n":
                end -= 1
        return end

    def _keeps_breaks(self, value: Any) -> bool:
        """Whether a block text holds the empty lines at its end too (`|+`)."""
        return "+" in self.text[value.start_mark.index : value.start_mark.index + 3].split("\n")[0]

    # the difference --------------------------------------------------------------------------------------------------

    def _mapping(self, node: Any, old: dict[str, Tree], meant: dict[str, Tree], path: Path) -> None:
        """Change one block map into what is meant."""
        entries = {self._name(key, old): (key, value) for key, value in node.value}
        indent = node.value[0][0].start_mark.column
        for name in old:
            if name not in meant and name in entries:
                key, value = entries[name]
                self._patch(self._line_start(key.start_mark.index), self._next_line(self._end(key, value)), "")
        added: list[str] = []
        for name, value in meant.items():
            below = (*path, name)
            if name not in old or (name not in entries and not same(old[name], value)):
                added += entry_lines(name, value, self.notes, below, indent)
            elif name in entries:
                self._entry(*entries[name], old[name], value, below, indent)
            elif self.expand:
                added += entry_lines(name, value, self.notes, below, indent)
        if self.expand and "<<" in entries:
            key, value = entries["<<"]
            self._patch(self._line_start(key.start_mark.index), self._next_line(self._end(key, value)), "")
        note = self.notes.take(path, new=False) if path else None
        if note:
            first = self._line_start(node.value[0][0].start_mark.index)
            self._insert(first, list(comment_lines([*note.above, *filter(None, [note.beside])], indent)))
            added += comment_lines(note.after, indent)
        self._insert(self._next_line(self._end(None, node)), added)

    def _name(self, key: Any, old: dict[str, Tree]) -> str:
        """Return the key as the tree has it: what Helm makes of `on` or `0x10` where they stand bare."""
        if key.value in old or key.value == "<<":
            return str(key.value)
        start, end = self._span(key)
        return next(iter(read.load(f"{self.text[start:end]}: 0")))

    def _entry(self, key: Any, node: Any, old: Tree, meant: Tree, path: Path, indent: int) -> None:
        alias = self._is_alias(key, node)
        block = not alias and not getattr(node, "flow_style", False)
        if isinstance(old, dict) and isinstance(meant, dict) and old and block:
            self._mapping(node, old, meant, path)
            return
        note = self.notes.take(path, new=False)
        above = list(note.above)
        one_line = (
            not isinstance(meant, dict | list) and "\n" not in self.text[key.start_mark.index : self._end(key, node)]
        )
        rest = self.text[self._end(key, node) : self._next_line(self._end(key, node))]
        if note.beside and one_line and not rest.strip():
            end = self._end(key, node)
            self._patch(end, end, "  " + write.comment(note.beside))
        elif note.beside:
            above.append(note.beside)
        self._insert(self._line_start(key.start_mark.index), list(comment_lines(above, indent)))
        if not same(old, meant) or (alias and self.expand):
            self._replace(key, node, old, meant, path, indent)
        self._insert(self._next_line(self._end(key, node)), list(comment_lines(note.after, indent)))

    def _replace(self, key: Any, node: Any, old: Tree, meant: Tree, path: Path, indent: int) -> None:
        start, end = self._colon(key), self._end(key, node)
        sequence = type(node).__name__ == "SequenceNode" and not node.flow_style and not self._is_alias(key, node)
        if sequence and isinstance(old, list) and isinstance(meant, list) and old and same(old, meant[: len(old)]):
            lines = list(write.block(meant[len(old) :], node.start_mark.column))
            self._insert(self._next_line(end), lines)
            return
        if isinstance(meant, dict | list) and meant:
            lines = self._children(meant, path, indent + 2)
            if "\n" in self.text[start:end]:
                first = self._next_line(start)
                self._patch(first, self._next_line(end), write.joined(lines, self.newline))
            else:
                self._patch(start, end, "")
                self._insert(self._next_line(end), lines)
            return
        text = f" {write.scalar(meant)}"
        if node.start_mark.index >= start and end > node.start_mark.index:
            start, text = node.start_mark.index, text[1:]
        self._patch(start, max(start, end), text)

    def _children(self, meant: Tree, path: Path, indent: int) -> list[str]:
        if not isinstance(meant, dict):
            return list(write.block(meant, indent))
        return [
            line for name, item in meant.items() for line in entry_lines(name, item, self.notes, (*path, name), indent)
        ]


# when nothing else helps ---------------------------------------------------------------------------------------------


def _rewritten(text: str, old: dict[str, Tree], meant: dict[str, Tree]) -> str | None:
    """Return the file as ruamel.yaml dumps it, with its comments: the last resort for layouts beyond `_Splicer`.

    None where even that does not read as what is meant.
    """
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    tree: Any = yaml.load(text)
    if not isinstance(tree, dict):
        return None  # an anchor of nothing
    _change(tree, old, meant)
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue() if _reads_as(out.getvalue(), meant) else None


def _change(tree: Any, old: dict[str, Tree], meant: dict[str, Tree]) -> None:
    for name in old:
        if name not in meant:
            del tree[name]
    for name, value in meant.items():
        if name in old and same(old[name], value):
            continue
        before = old.get(name)
        if isinstance(before, dict) and isinstance(value, dict) and before and name in tree:
            _change(tree[name], before, value)
        else:
            tree[_quoted(name)] = _quoted(value)


def _quoted(value: Tree) -> Any:
    """Return a value for ruamel.yaml, whose YAML 1.2 would leave `yes` or `0755` bare."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        return {_quoted(key): _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, Secret):
        value = value.reveal()
    return DoubleQuotedScalarString(value) if isinstance(value, str) and write.scalar(value) != value else value
