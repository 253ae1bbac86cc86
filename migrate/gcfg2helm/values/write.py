"""Writes YAML that Helm reads back exactly: text stays text whatever it looks like, keys too, and a person can read it.

Where a text could be taken for something else (`yes`, `0755`, `1e3`, `~`) or holds what YAML gives a meaning, it is quoted;
characters that a terminal or a reader could stumble over are escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gcfg2helm.masked import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gcfg2helm.values.tree import Tree

PLAIN = re.compile(
    r"(?:[A-Za-z/](?:[A-Za-z0-9_./@%+=,;()~$-]|:(?=[A-Za-z0-9_/])|#(?<=[^ ]#))*+)"
    r"(?: (?:[A-Za-z0-9_./@+=,;()~$-]|:(?=[A-Za-z0-9_/])|#(?<=[^ ]#))++)*+",
    re.ASCII,
)
# What YAML 1.1 or 1.2 readers take for a boolean or nothing, in any capitals.
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_LONGEST_KEY = 900  # YAML readers give up on a one-line key after 1024 characters
_SMALL = re.compile(r"-?[0-9]{1,6}", re.ASCII)


def scalar(value: object) -> str:
    """Return one value as YAML on one line. A Secret is written as what it is: this is for files, not for terminals."""
    if isinstance(value, Secret):
        value = value.reveal()
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case list() | dict() if not value:
            return "[]" if isinstance(value, list) else "{}"
        case _:
            raise TypeError(f"not a scalar: {type(value).__name__}")


def _text(text: str) -> str:
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def comment(text: str) -> str:
    """Return a comment line without indentation; what is not printable is shown by its number."""
    shown = visible(text)
    return f"# {shown}" if shown else "#"


def visible(text: str) -> str:
    """Return text that is safe on a terminal: control, bidirectional and other invisible characters by their number."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\t" else _escaped(char) for char in text)


def key_lines(key: str, rest: str, indent: int) -> str:
    """Return `key: rest` at an indentation; a key too long for one line in YAML's long form."""
    pad = " " * indent
    name = _text(key)
    if len(name) > _LONGEST_KEY:
        return f"{pad}? {name}\n{pad}:{rest}"
    return f"{pad}{name}:{rest}"


def block(value: Tree, indent: int) -> Iterator[str]:
    """Yield the lines of a map or list at an indentation of so many blanks; strings of several lines as literals."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from entry(key, item, indent)
    elif isinstance(value, list):
        for item in value:
            yield from _item(item, indent)
    else:
        raise TypeError("a block is a map or a list")


def entry(key: str, value: Tree, indent: int) -> Iterator[str]:
    """Yield the lines of one key with its value."""
    if isinstance(value, dict | list) and value:
        yield key_lines(key, "", indent)
        yield from block(value, indent + 2)
        return
    if isinstance(value, str) and (lines := _literal(value)):
        yield key_lines(key, " |" if value.endswith("\n") else " |-", indent)
        yield from (f"{' ' * (indent + 2)}{line}" if line else "" for line in lines)
        return
    yield key_lines(key, f" {scalar(value)}", indent)


def _literal(text: str) -> list[str]:
    """Return the lines of a text that reads best as a literal block; nothing where that would not be exact."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or text.endswith("\n\n") or not lines[0] or not lines[-1] or lines[0].startswith(" "):
        return []
    return lines if all((line.isprintable() and line.strip()) or not line for line in lines) else []


def _item(item: Tree, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(item, dict | list) and item:
        first, *rest = block(item, indent + 2)
        yield f"{pad}- {first.lstrip(' ')}"
        yield from rest
    else:
        yield f"{pad}- {scalar(item)}"


def document(tree: Mapping[str, Tree], above: Sequence[str] = ()) -> str:
    """Return a whole file of its own: comment lines at its top, then the map."""
    lines = [*(comment(line) for line in above), *block(dict(tree), 0)]
    return "".join(f"{line}\n" for line in lines)


def documents(objects: Sequence[object]) -> str:
    """Return Kubernetes objects as documents of one YAML text, which `kubectl apply -f` reads; empty where there are none.

    Objects are maps of maps, lists, texts, integers, booleans, None and `masked.Secret`. Secrets stand in it as they
    are: this is for files of mode 0600. Raises TypeError for anything else.
    """
    maps = [one for one in objects if isinstance(one, dict)]
    if len(maps) < len(objects):
        raise TypeError("a Kubernetes object is a map")
    return "".join("---\n" + (document(one) or "{}\n") for one in maps)


def joined(lines: Iterable[str], newline: str) -> str:
    """Return lines as text, each closed by `newline`."""
    return "".join(line.replace("\n", newline) + newline for line in lines)
