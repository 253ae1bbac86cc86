"""Moves the text of a value to another key of the same file: comments, quotes and order come along as they are.

Every move is read back; where the result does not say what is meant, or the layout is none of lines (flow maps, aliases),
the text stays, and `splice` writes the value anew.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gcfg2helm.values import read, write
from gcfg2helm.values.read import Node, Style
from gcfg2helm.values.tree import MISSING, Carried, find, item_name, put, same, take_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.values.tree import Edit, Path, Tree


def carried(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with what the edits carry from one key to another moved, as far as that goes line by line."""
    wanted = [edit for edit in edits if edit.carried]
    if wanted and "\r" in text:
        plain = text.replace("\r\n", "\n")
        return text if "\r" in plain else carried(plain, wanted).replace("\n", "\r\n")
    try:
        file = _File(text) if wanted else None
    except read.YamlError:
        return text
    for edit in wanted:
        for move in edit.carried:
            file = _moved(file, move) or file
        file = _amended(file, edit.path, edit.value) or file
    return file.text if file else text


def transferred(source: str, target: str, path: Path) -> tuple[str, str] | None:
    """Return both texts with the value at a path taken from the one to the other; None where that cannot be done."""
    try:
        here, there = _File(source), _File(target)
        chain = _chain(here.root, path)
        if chain is None or there.root is None or not there.root.children:
            return None
        move = Carried(path, path)
        block = _extent(here, *chain[-1])
        kept, cut = _emptied(here, chain, move._replace(to=()), block)
        taken = [*kept, *_dedented(here.lines[block.top : block.end], block.column)]
        key, value = there.root.children[-1]
        where, added = _place(there, there.root, (key, value), move, taken) if key else (-1, [])
        meant = copy.deepcopy(there.tree)
        if where < 0 or not put(meant, path, chain[-1][1].value):
            return None
        left = "\n".join([*here.lines[: cut[0]], *here.lines[cut[1] :]])
        with_it = "\n".join([*there.lines[:where], *added, *there.lines[where:]])
        without = copy.deepcopy(here.tree)
        take_out(without, path)
        return (left, with_it) if same(read.load(left), without) and same(read.load(with_it), meant) else None
    except (read.YamlError, ValueError, IndexError):
        return None


_Pair: TypeAlias = "tuple[Node, Node]"


class _File:
    """A text with its nodes and its lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.root = read.compose(text)
        self.tree = read.tree_of(self.root)

    def line(self, offset: int) -> int:
        """Return the number of the line that an offset is on."""
        return self.text.count("\n", 0, offset)

    def last_line(self, key: Node | None, value: Node) -> int:
        """Return the number of the line that a value ends on."""
        if key is not None and value.start == value.end:
            return self.line(key.end)
        return self.line(value.start) + self.text[value.start : value.end].rstrip().count("\n")

    def after(self, key: Node | None, value: Node) -> int:
        """Return the number of the line behind a value, deeper comments below it included."""
        column = key.column if key is not None else value.column
        end = ahead = self.last_line(key, value) + 1
        while ahead < len(self.lines):
            line = self.lines[ahead]
            bare = line.lstrip()
            if bare and not (bare.startswith("#") and len(line) - len(bare) > column):
                break
            ahead += 1
            end = ahead if bare else end
        return end


class _Block(NamedTuple):
    """Where a key is: its first line with the comments above it, its own line, the line behind it, its column."""

    top: int
    line: int
    end: int
    column: int


def _moved(file: _File | None, move: Carried) -> _File | None:
    """Return the file with one value moved; None where that cannot be done, or does not say what is meant."""
    value = find(file.tree, move.origin) if file else MISSING
    if file is None or value is MISSING:
        return None
    try:
        if move.inside and isinstance(value, str):
            value = find(read.load(value), move.inside)
        meant = copy.deepcopy(file.tree)
        take_out(meant, move.origin, move.to)
        if not put(meant, move.to, value, append=move.append):  # type: ignore[arg-type]
            return None
        new = _text(file, move)
        return made if new is not None and same((made := _File(new)).tree, meant) else None
    except (read.YamlError, ValueError, IndexError):
        return None


def _text(file: _File, move: Carried) -> str | None:
    lines = file.lines
    path = _chain(file.root, move.origin)
    if path is None or file.root is None:
        return None
    key, value = path[-1]
    block = _extent(file, key, value)
    if move.origin[:-1] == move.to[:-1] and not move.append:
        return file.text[: key.start] + _key(move.to[-1]) + file.text[key.end :]
    taken = _dedented(lines[block.top : block.end], block.column)
    own = block.line - block.top
    if move.inside:
        body = _within(value, move.inside)
        if body is None:
            return None
        mark = f"{_key(move.to[-1])}:"
        taken = [*taken[:own], *body] if move.append else [*taken[:own], mark, *_indented(body, 2)]
        return _assembled(file, path, move, block, taken)
    head = lines[block.line][block.column + key.end - key.start :]
    if move.append:
        if not _is_list(value) or head.lstrip(": ").split("#")[0].strip():
            return None
        comment = [f"#{head.split('#', 1)[1]}"] if "#" in head else []
        taken = [*taken[:own], *comment, *_dedented(taken[own + 1 :], 0)]
    else:
        taken[own] = _key(move.to[-1]) + head
    return _assembled(file, path, move, block, taken)


def _within(value: Node, path: Path) -> list[str] | None:
    """Return the lines of a block inside a text that is YAML itself, without its key."""
    inner = _File(value.value) if isinstance(value.value, str) else None
    chain = _chain(inner.root, path) if inner else None
    if inner is None or not chain or not _is_list(chain[-1][1]):
        return None
    block = _extent(inner, *chain[-1])
    return _dedented(inner.lines[block.line + 1 : block.end], 0)


def _assembled(file: _File, path: Sequence[_Pair], move: Carried, block: _Block, taken: Sequence[str]) -> str | None:
    """Return the text without a block, and with its lines at their new place."""
    lines = file.lines
    kept, cut = _emptied(file, path, move, block)
    where, added = _place(file, file.root, path[0], move, [*kept, *taken]) if file.root else (-1, [])
    if where < 0:
        return None
    result: list[str] = []
    for number in range(len(lines) + 1):
        if number == where:
            result += added
        if number < len(lines) and not cut[0] <= number < cut[1]:
            result.append(lines[number])
    return "\n".join(result)


def _key(name: str) -> str:
    return write.key_lines(name, "", 0).removesuffix(":")


def _is_map(node: Node | None) -> bool:
    return node is not None and isinstance(node.value, dict) and node.style is Style.BLOCK


def _is_list(node: Node | None) -> bool:
    return node is not None and isinstance(node.value, list) and node.style is Style.BLOCK


def _chain(root: Node | None, path: Path) -> list[_Pair] | None:
    """Return key and value at each step of a path; None where it is not all block maps."""
    found: list[_Pair] = []
    node = root
    for part in path:
        if node is None or not _is_map(node):
            return None
        pair = next(((key, value) for key, value in node.children if key is not None and key.value == part), None)
        if pair is None or pair[0].style is Style.MERGE or pair[1].style is Style.ALIAS:
            return None
        found.append(pair)
        node = pair[1]
    return found


def _extent(file: _File, key: Node, value: Node) -> _Block:
    line = top = file.line(key.start)
    while top and file.lines[top - 1].startswith(" " * key.column + "#"):
        top -= 1
    top = line if top == 0 and key.column == 0 else top  # what is at the top of a file is about the file
    return _Block(top, line, file.after(key, value), key.column)


def _dedented(lines: Sequence[str], column: int) -> list[str]:
    if column == 0:
        least = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        return [line[least:] for line in lines]
    return [line[column:] if line[:column].isspace() or not line.strip() else line for line in lines]


def _emptied(
    file: _File, path: Sequence[_Pair], move: Carried, block: _Block
) -> tuple[list[str], tuple[int, int]]:  # fmt: skip
    """Return the comments that maps leave which are empty without the value, and the lines to cut."""
    lines = file.lines
    cut = (block.top, block.end)
    kept: list[str] = []
    for depth in range(len(path) - 1, 0, -1):
        key, value = path[depth - 1]
        if len(value.children) > 1 or move.to[:depth] == move.origin[:depth]:
            break
        outer = _extent(file, key, value)
        own = lines[outer.line][outer.column + key.end - key.start :]
        beside = [f"#{own.split('#', 1)[1]}"] if "#" in own else []
        rest = [*lines[outer.top : outer.line], *beside, *lines[outer.line + 1 : cut[0]], *lines[cut[1] : outer.end]]
        kept = [*(line.strip() for line in rest if line.strip()), *kept]
        cut = (outer.top, outer.end)
    return kept, cut


def _place(
    file: _File, root: Node, top: _Pair, move: Carried, taken: Sequence[str]
) -> tuple[int, list[str]]:  # fmt: skip
    """Return the line to insert at, and the lines; -1 where there is no such place."""
    node, depth, parents = root, 0, move.to[:-1]
    while depth < len(parents):
        step = _step(node, parents[depth])
        if step is None:
            break
        node = step
        depth += 1
    missing = list(parents[depth:])
    if move.append and not missing and (there := _step(node, move.to[-1])) is not None:
        if not _is_list(there) or not there.children:
            return -1, []
        return file.after(None, there), _indented(taken, there.column)
    if move.append:
        taken = [f"{_key(move.to[-1])}:", *_indented(taken, 2)]
    body = _nested(missing, taken)
    if node is root:
        end = file.after(*top)
        spaced = end < len(file.lines) - 1 and not file.lines[end].strip()
        return end, ["", *body] if spaced else body
    if _is_list(node) and node.children:
        return file.after(None, node), _indented(body, node.column)
    if _is_map(node) and node.children and node.children[0][0] is not None:
        return file.after(None, node), _indented(body, node.children[0][0].column)
    return -1, []  # `{}`, `[]` and null are for `splice`


def _step(node: Node, part: str) -> Node | None:
    name = item_name(part)
    if name and _is_list(node):
        return next(
            (
                one
                for _, one in node.children
                if _is_map(one) and isinstance(one.value, dict) and one.value.get("name") == name
            ),
            None,
        )
    chain = _chain(node, (part,))
    return chain[0][1] if chain else None


def _nested(parents: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return the lines of a block below keys that are not there yet."""
    if not parents:
        return list(taken)
    first, *rest = parents
    below = _nested(rest, taken)
    if name := item_name(first):
        return [f"- name: {write.scalar(name)}", *_indented(below, 2)]
    return [f"{_key(first)}:", *_indented(below, 2)]


def _indented(lines: Sequence[str], count: int) -> list[str]:
    return [" " * count + line if line.strip() else line for line in lines]


# small changes inside what was moved -----------------------------------------------------------------------------------


def _amended(file: _File | None, path: Path, value: Tree) -> _File | None:
    """Return the file with the few scalars changed in which a moved list or map differs from what is meant."""
    chain = _chain(file.root, path) if file else None
    if file is None or chain is None or same(chain[-1][1].value, value):
        return None
    text, patches = file.text, list[tuple[int, int, str]]()
    if not _differences(text, chain[-1][1], value, patches):
        return None
    for start, end, new in sorted(patches, reverse=True):
        text = text[:start] + new + text[end:]
    try:
        made = _File(text)
    except read.YamlError:
        return None
    return made if same(find(made.tree, path), value) else None


def _differences(text: str, node: Node, meant: Tree, patches: list[tuple[int, int, str]]) -> bool:
    if same(node.value, meant):
        return True
    now = node.value
    if isinstance(now, list) and isinstance(meant, list) and len(node.children) == len(meant):
        pairs = zip(node.children, meant, strict=True)
        return all(_differences(text, one, new, patches) for (_, one), new in pairs)
    if _is_map(node) and isinstance(now, dict) and isinstance(meant, dict) and now.keys() <= meant.keys():
        below = {key.value: (key, value) for key, value in node.children if key is not None}
        for name in meant:
            if name in now:
                if name not in below or not _differences(text, below[name][1], meant[name], patches):
                    return False
                continue
            key, value = next(iter(below.values()))
            if isinstance(meant[name], dict | list) or value.style is not Style.SCALAR:
                return False
            at = text.find("\n", value.end)
            at = len(text) if at < 0 else at
            patches.append((at, at, f"\n{' ' * key.column}{_key(name)}: {write.scalar(meant[name])}"))
        return True
    if node.style is Style.SCALAR and not isinstance(meant, dict | list) and "\n" not in text[node.start : node.end]:
        patches.append((node.start, node.end, write.scalar(meant)))
        return True
    return False
