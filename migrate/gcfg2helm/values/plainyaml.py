"""Reads the plain block style that `emit` writes, fast; whatever goes beyond it is left to `helmyaml`.

What this reader takes, it reads as Helm does: the tests compare the two. It knows no anchors, tags, flow collections,
folded texts or documents, no number but small integers, and gives up on the first line that it does not know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from gcfg2helm.values import write
from gcfg2helm.values.tree import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gcfg2helm.values.tree import Tree

# Where the value of a key stands, by the map that holds it.
_Spots: TypeAlias = dict[tuple[int, str], tuple[int, int]]

_PLAIN = write.PLAIN.pattern
_SINGLE = r"'(?:[^'\n]|'')*+'"
_DOUBLE = r'"(?:[^"\\\n]|\\.)*+"'
_LINE = re.compile(
    rf"(?P<indent> *+)(?P<dash>- )?(?:(?P<key>{_PLAIN}|{_SINGLE}|{_DOUBLE}):(?=[ \n]|\Z))?+"
    rf"(?: *+(?:(?P<plain>{_PLAIN})|(?P<small>-?[1-9][0-9]{{0,5}}|0)|(?P<single>{_SINGLE})|(?P<double>{_DOUBLE})"
    rf"|(?P<empty>\[\]|\{{\}})|(?P<literal>\|-?)))?+(?: *+(?<=[ \n])#[^\n]*+|(?<![^\n])#[^\n]*+)?+ *+(?:\n|\Z)",
    re.ASCII,
)
_ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\\"nt0r]))')
_SIMPLE = {"\\": "\\", '"': '"', "n": "\n", "t": "\t", "0": "\0", "r": "\r"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NOTHING: Any = object()
_LONGEST_KEY = 1000  # Helm reads no longer ones on one line
_DEEPEST = 100  # as far as everything that walks the tree goes


def read(text: str) -> dict[str, Tree] | None:
    """Return the tree of a file in that style, None for any other file."""
    if not text.replace("\n", "").isprintable():
        return None
    try:
        return _read(text)
    except _BeyondError:
        return None


def changed(text: str, meant: dict[str, Tree]) -> str | None:
    """Return the text with other values in place of single ones, so that it says `meant`.

    None where the text goes beyond the style, or more than values on the line of their key differs.
    """
    spots: _Spots = {}
    try:
        patches = list(_patches(_read(text, spots), meant, spots))
    except _BeyondError:
        return None
    for start, end, new in sorted(patches, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _patches(tree: dict[str, Tree], meant: dict[str, Tree], spots: _Spots) -> Iterator[tuple[int, int, str]]:
    if tree.keys() != meant.keys():
        raise _BeyondError
    for name, old in tree.items():
        new = meant[name]
        if isinstance(old, dict) and isinstance(new, dict) and old and new:
            yield from _patches(old, new, spots)
        elif not same(old, new):
            spot = spots.get((id(tree), name))
            if spot is None or (isinstance(new, dict | list) and new):
                raise _BeyondError
            yield (*spot, write.scalar(new))


class _BeyondError(Exception):
    """The text goes beyond the style."""


def _read(text: str, spots: _Spots | None = None) -> dict[str, Tree]:  # noqa: C901 - one loop over the lines, whole for speed
    root: dict[str, Tree] = {}
    # Open containers with their indentation, the innermost last; `waiting` is a key or item whose value is to come.
    stack: list[tuple[int, Any]] = [(0, root)]
    waiting: tuple[int, Any, Any] | None = None
    position, size, scan = 0, len(text), _LINE.match
    while position < size:
        line = scan(text, position)
        if line is None:
            raise _BeyondError
        start, position = position, line.end()
        dash, key, kind = line["dash"], line["key"], line.lastgroup
        if kind == "indent":
            continue  # blank, or a comment
        indent = line.end("indent") - start
        if waiting is not None:
            stack, waiting = _opened(stack, waiting, indent, is_list=dash is not None), None
        while stack and stack[-1][0] > indent:
            stack.pop()
        if not stack or stack[-1][0] != indent:
            raise _BeyondError
        container = stack[-1][1]
        if dash:
            if type(container) is not list:
                raise _BeyondError
            if key is None:
                value, position = _value(line, kind, text, position, indent)
                if value is _NOTHING:
                    raise _BeyondError
                container.append(value)
                continue
            indent += 2
            item: dict[str, Tree] = {}
            container.append(item)
            stack.append((indent, item))
            container = item
        if key is None or type(container) is not dict:
            raise _BeyondError
        if len(key) > _LONGEST_KEY or len(stack) > _DEEPEST:
            raise _BeyondError
        name = key if key[0] not in "'\"" else _unquoted(key)
        if name in container or (name is key and name.lower() in write.WORDS):
            raise _BeyondError
        value, position = _value(line, kind, text, position, indent)
        if value is _NOTHING:
            container[name] = None
            waiting = (indent, container, name)
        else:
            container[name] = value
            if spots is not None and kind != "literal":
                spots[id(container), name] = line.span(kind or 0)
    return root


def _opened(
    stack: list[tuple[int, Any]], waiting: tuple[int, Any, Any], indent: int, *, is_list: bool
) -> list[tuple[int, Any]]:
    """Open the container that a deeper line begins; a line that is not deeper leaves the waiting key at null."""
    at, container, name = waiting
    if indent > at:
        child: Any = [] if is_list else {}
        container[name] = child
        stack.append((indent, child))
    elif is_list and indent == at:
        raise _BeyondError
    return stack


def _value(line: re.Match[str], kind: str | None, text: str, position: int, indent: int) -> tuple[Any, int]:
    """Return the value of a line, `_NOTHING` where it has none, and where the next line begins."""
    match kind:
        case "plain":
            word = line["plain"]
            low = word.lower()
            if low in write.WORDS:
                if word not in _WORDS:
                    raise _BeyondError
                return _WORDS[word], position
            return word, position
        case "single":
            return line["single"][1:-1].replace("''", "'"), position
        case "small":
            return int(line["small"]), position
        case "double":
            return _unquoted(line["double"]), position
        case "empty":
            return ([] if line["empty"] == "[]" else {}), position
        case "literal":
            return _literal(text, position, indent, keep=line["literal"] == "|")
        case _:
            return _NOTHING, position


def _unquoted(text: str) -> str:
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    count = 0

    def decoded(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        digits = found[1] or found[2] or found[3]
        return chr(int(digits, 16)) if digits else _SIMPLE[found[4]]

    result = _ESCAPE.sub(decoded, inner)
    if inner.count("\\") != count + inner.count("\\\\"):
        raise _BeyondError
    return result


def _literal(text: str, position: int, indent: int, *, keep: bool) -> tuple[str, int]:
    """Read the lines of a literal block, indented by two more than its key."""
    pad = " " * (indent + 2)
    lines: list[str] = []
    while position < len(text):
        end = text.find("\n", position)
        if end < 0:
            raise _BeyondError
        line = text[position:end]
        if line and not line.startswith(pad):
            break
        lines.append(line[len(pad) :])
        position = end + 1
    while lines and not lines[-1]:
        lines.pop()
    if not lines or not lines[0] or lines[0].startswith(" ") or any(line and not line.strip() for line in lines):
        raise _BeyondError
    return "\n".join(lines) + ("\n" if keep else ""), position
