"""Writes YAML that Helm reads back exactly: text stays text whatever it looks like, keys too, and a person can read it.

Where a text could be taken for something else (`yes`, `0755`, `1e3`, `~`) or holds what YAML gives a meaning, it is quoted;
characters that a terminal or a reader could stumble over are escaped.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from gcfg2helm.masked import Secret
from gcfg2helm.values.scalars import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gcfg2helm.values.tree import Tree

# What may be without quotes: no sign at its start that YAML gives a meaning, no quote, no `: ` or ` #`, no blank at its end.
_PLAIN = re.compile(
    r"(?:[^\W_]|[/(_$]|[-.~:](?=[A-Za-z0-9/]))"
    r"(?:[^\s'\":#]|:(?=[^\s])|#(?<=[^\s]#)|(?<=\S) +(?=[^\s#]))*+"
)
# What readers of YAML 1.1 or 1.2 take for a number, a time or a date, and what comes close.
_NUMBER_LIKE = re.compile(
    r"[-+.]?[0-9][0-9_,.:]*+(?:[eE][-+]?[0-9_.]*+)?|[-+]?0[xXoObB].*|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?\.[0-9infaINFA].*"
)
_FLOW = re.compile(r"[,\[\]{}?]")
_VERSION = r"[0-9]+(?:\.[0-9]+){2,}"
# What YAML 1.1 or 1.2 readers take for a boolean or nothing, in any capitals.
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
WIDTH = 80  # of a line, where it can be kept
_LONGEST_KEY = 900  # YAML readers give up on a one-line key after 1024 characters


def scalar(value: object, *, flow: bool = False) -> str:
    """Return one value as YAML on one line, or as part of a list or map on one line (`flow`).

    A Secret is written as what it is: this is for files, not for terminals.
    """
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
            return _text(value, flow=flow)
        case list() | dict() if not value:
            return "[]" if isinstance(value, list) else "{}"
        case _:
            raise TypeError(f"not a scalar: {type(value).__name__}")


def _text(text: str, *, flow: bool = False) -> str:
    if is_plain(text) and not (flow and _FLOW.search(text)):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def is_plain(text: str) -> bool:
    """Whether a text needs no quotes: any reader of YAML 1.1 or 1.2 takes it for this text."""
    if not text.isprintable() or not _PLAIN.fullmatch(text) or text.lower() in WORDS:
        return False
    return resolve(text) == text and (not _NUMBER_LIKE.fullmatch(text) or bool(re.fullmatch(_VERSION, text)))


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def comment(text: str) -> str:
    """Return a comment line without indentation; what is not printable is shown by its number."""
    shown = visible(text.rstrip())
    return f"# {shown}" if shown else "#"


def filled(text: str, width: int) -> list[str]:
    """Return a text as lines that are not too long, as far as it has blanks to break it at; a blank at its start stays."""
    margin = text[: len(text) - len(text.lstrip(" "))]
    broken = textwrap.wrap(
        text.lstrip(" "),
        max(width - len(margin), 30),
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )
    return [margin + line for line in broken] or [""]


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
    """Yield the lines of a map or list at an indentation of so many blanks."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from entry(key, item, indent)
    elif isinstance(value, list):
        for item in value:
            yield from _item(item, indent)
    else:
        raise TypeError("a block is a map or a list")


def entry(key: str, value: Tree, indent: int, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of one key with its value: a text of several lines as a literal, one that is too long folded."""
    if isinstance(value, dict | list) and value:
        yield key_lines(key, "", indent)
        yield from block(value, indent + 2)
        return
    line = key_lines(key, f" {scalar(value)}", indent)
    style, lines = _text_block(value, width - indent - 2, too_long=len(line) > width)
    if not lines:
        yield line
        return
    yield key_lines(key, f" {style}", indent)
    yield from (f"{' ' * (indent + 2)}{text}" if text else "" for text in lines)


def _text_block(value: Tree, room: int, *, too_long: bool) -> tuple[str, list[str]]:
    """Return the sign and the lines of a text that reads best as a block; no lines for any other value."""
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str):
        return "", []
    if lines := _literal(text):
        return "|" if text.endswith("\n") else "|-", lines
    return ">-", _folded(text, room) if too_long else []


def _literal(text: str) -> list[str]:
    """Return the lines of a text that is exact as a literal block; nothing for any other."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 or text.endswith("\n\n") or not lines[0] or not lines[-1] or lines[0].startswith(" "):
        return []
    return lines if all(line.isprintable() and line == line.rstrip() for line in lines) else []


def _folded(text: str, room: int) -> list[str]:
    """Return a text as lines that a folded block joins to it again: broken at single blanks, where it has any."""
    if not text.isprintable() or text != text.strip():
        return []
    first, *rest = re.split(r"(?<=\S) (?=\S)", text)
    lines = [first]
    for part in rest:
        if len(lines[-1]) + 1 + len(part) <= room:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def _item(item: Tree, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(item, dict | list) and item:
        first, *rest = block(item, indent + 2)
        yield f"{pad}- {first.lstrip(' ')}"
        yield from rest
        return
    line = f"{pad}- {scalar(item)}"
    style, lines = _text_block(item, WIDTH - indent - 2, too_long=len(line) > WIDTH)
    if not lines:
        yield line
        return
    yield f"{pad}- {style}"
    yield from (f"{pad}  {text}" if text else "" for text in lines)


def document(tree: Mapping[str, Tree], above: Sequence[str] = ()) -> str:
    """Return a whole file of its own: comment lines at its top, then the map."""
    comments = [comment(line) for text in above for line in filled(text, WIDTH - 2)]
    return joined(["---", *comments, *block(dict(tree), 0)], "\n")


def documents(objects: Sequence[object]) -> str:
    """Return Kubernetes objects as documents of one YAML text, which `kubectl apply -f` reads; empty where there are none.

    Objects are maps of maps, lists, texts, integers, booleans, None and `masked.Secret`. Secrets are in it as they
    are: this is for files of mode 0600. Raises TypeError for anything else.
    """
    maps = [one for one in objects if isinstance(one, dict)]
    if len(maps) < len(objects):
        raise TypeError("a Kubernetes object is a map")
    return "".join(document(one) if one else "--- {}\n" for one in maps)


def joined(lines: Iterable[str], newline: str) -> str:
    """Return lines as text, each closed by `newline`."""
    return "".join(line.replace("\n", newline) + newline for line in lines)
