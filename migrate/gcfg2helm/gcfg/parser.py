"""The gcfg language, exactly as Go's `gopkg.in/gcfg.v1` reads it, without losing a byte.

Simple lines, nearly all of a real file, match one regular expression; every other line goes through `scanner.Scanner`, which
follows the Go package's scanner and reader token by token. The tests compare both with the Go package itself.
"""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING

from gcfg2helm.gcfg.document import Document, Entry, Header, Section, boolean, header, lower, split_header
from gcfg2helm.gcfg.scanner import BLANK, Scanner, unquote

if TYPE_CHECKING:
    from collections.abc import Callable

# Who works with gcfg finds all of it here.
__all__ = [
    "Document",
    "Entry",
    "GcfgError",
    "Header",
    "Section",
    "boolean",
    "header",
    "lower",
    "parse",
    "quote",
    "split_header",
]

_LINE = re.compile(
    r"[ \t\r]*+(?:"
    r"(?P<name>[A-Za-z][A-Za-z0-9-]*+)[ \t\r]*+=[ \t\r]*+(?P<value>[^;#\"\\\n]*+)(?P<beside>[;#][^\n]*+)?"
    r"|(?P<comment>[;#][^\n]*+)"
    r"|\[[ \t\r]*+(?P<section>[A-Za-z][A-Za-z0-9-]*+)[ \t\r]*+(?:\"(?P<subsection>[^\"\\\n]++)\"[ \t\r]*+)?\]"
    r"[ \t\r]*+(?P<aside>[;#][^\n]*+)?"
    r")?+(?:\n|\Z)"
)
_NEEDS_QUOTES = re.compile(r"[;#\"\\\n\t]")


class GcfgError(Exception):
    """The text is not gcfg. Carries the place (1-based line and column) and the source line."""

    def __init__(self, message: str, file: str, line: int, column: int, source_line: str) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.source_line = source_line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: error: {self.message}"

    def format(self, hide: Callable[[str], str]) -> str:
        """Return the message, the source line as `hide` shows it (stars of the same width), a caret under the place."""
        line = hide(self.source_line)
        pad = "".join("\t" if char == "\t" else " " for char in line[: self.column - 1])
        return f"{self}\n  {line}\n  {pad}^"


def quote(text: str) -> str:
    """Return the gcfg text that reads back as `text`: bare where that is exact, else in double quotes.

    Raises ValueError for what no gcfg file can hold: NUL, a carriage return, half a surrogate pair.
    """
    if "\0" in text or "\r" in text or not (text.isascii() or _is_unicode(text)):
        raise ValueError("gcfg cannot hold NUL, carriage returns or lone surrogates")
    if text == text.strip() and not _NEEDS_QUOTES.search(text):
        return text
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, escape)
    return f'"{text}"'


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse(data: bytes | str, file: str = "<gcfg>") -> Document:
    """Read a whole file (UTF-8, a byte order mark at its start is skipped) into a Document.

    Raises GcfgError exactly where Go's package refuses the file.
    """
    if isinstance(data, bytes):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8", "replace")
            raise _error("illegal UTF-8 encoding", file, before + "\ufffd", len(before)) from None
    else:
        text = data
    bom = text.startswith("\ufeff")
    if bom:
        text = text[1:]
    if (nul := text.find("\0")) >= 0:
        raise _error("illegal character NUL", file, text, nul)
    return _Reader(text, file, bom=bom).read()


def _error(message: str, file: str, text: str, offset: int) -> GcfgError:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : len(text) if end < 0 else end].rstrip("\r")
    return GcfgError(message, file, text.count("\n", 0, offset) + 1, offset - start + 1, line)


class _Reader:
    """Reads line by line; holds what the next line needs to know of the ones before."""

    def __init__(self, text: str, file: str, *, bom: bool) -> None:
        self.text = text
        self.file = file
        self.document = Document(text, bom)
        self.current: Header | None = None
        self.comments: list[str] = []
        self.blanks: list[int] = []  # how many comments were before each blank line

    def read(self) -> Document:
        text, match, comments, blanks = self.text, _LINE.match, self.comments, self.blanks
        entries = self.document.entries
        position, line, size = 0, 0, len(text)
        while position < size:
            line += 1
            found = match(text, position)
            if found is None:
                position, line = self._slowly(position, line)
                continue
            kind = found.lastgroup
            if kind in ("value", "beside"):
                if self.current is None:
                    raise self._fail("expected section header", found.start("name"))
                name, value, beside = found.group("name", "value", "beside")
                start, value_start = found.start("name"), found.start("value")
                bare = value.rstrip(BLANK)
                value_end = value_start + len(bare)
                entry = Entry(
                    self.current.section,
                    self.current.subsection,
                    intern(name),
                    bare.replace("\r", "") if "\r" in bare else bare,
                    line,
                    start - position + 1,
                    start,
                    value_start - start,
                    value_end - start,
                    found.end() - start,
                    self._gathered() if comments else (),
                    beside.rstrip("\r") if beside else "",
                    bool(beside) and _is_cut(text, value_start, value_end, value_start + len(value)),
                )
                entries.append(entry)
                self.current.entries.append(entry)
                if comments or blanks:
                    comments.clear()
                    blanks.clear()
            elif kind == "comment":
                comments.append(found["comment"].rstrip("\r"))
            elif kind is None:
                blanks.append(len(comments))
            else:
                section, subsection, aside = found.group("section", "subsection", "aside")
                column = found.start("section") - position
                self._open(section, subsection, line, column, position, aside or "")
            position = found.end()
        self._close(size, self._gathered())
        return self.document

    def _open(self, section: str, subsection: str | None, line: int, column: int, start: int, aside: str) -> None:
        """Begin a section: comments directly above its header are its own, the others close the section before."""
        comments, split = self.comments, self.blanks[-1] if self.blanks else 0
        above = comments[split:] + ([aside.rstrip("\r")] if aside else [])
        del comments[split:]
        self._close(start, self._gathered())
        self.current = Header(section, subsection, line, max(column, 1), start, tuple(above))
        self.document.headers.append(self.current)

    def _gathered(self) -> tuple[str, ...]:
        """Return the comments since the last statement, an empty text for the blank lines between two of them."""
        if not self.blanks or not self.comments:
            return tuple(self.comments)
        gaps = set(self.blanks)
        return tuple(
            part
            for number, comment in enumerate(self.comments)
            for part in (("", comment) if number and number in gaps else (comment,))
        )

    def _close(self, end: int, rest: tuple[str, ...]) -> None:
        if self.current is None:
            self.document.head = rest
        else:
            self.current.after = rest
            self.current.end = end
        self.comments.clear()
        self.blanks.clear()

    def _fail(self, message: str, offset: int) -> GcfgError:
        return _error(message, self.file, self.text, offset)

    def _slowly(self, position: int, line: int) -> tuple[int, int]:
        """Read one statement with the exact scanner; returns where the next line begins and the last line's number."""
        scanner = Scanner(self.text, position, self._fail)
        scanner.skip()
        start = scanner.at
        column = start - position + 1
        if scanner.peek() == "[":
            section, subsection = scanner.header()
            aside, end = scanner.line_end()
            self._open(section, subsection, line, column, position, aside)
            return end, line + self.text.count("\n", position, max(position, end - 1))
        name = scanner.identifier()
        if not name:
            word = "expected section header or variable declaration" if self.current else "expected section header"
            raise self._fail(word if scanner.peek() in ('"', "]", "=") else "illegal character", start)
        if self.current is None:
            raise self._fail("expected section header", start)
        scanner.skip()
        value: str | None = None
        value_start = value_end = scanner.at
        cut = False
        if scanner.peek() == "=":
            scanner.at += 1
            scanner.skip()
            value_start = scanner.at
            literal, value_end = scanner.value()
            value = unquote(literal)
            cut = scanner.peek() in (";", "#") and _is_cut(self.text, value_start, value_end, scanner.at)
        elif scanner.peek() not in ("\n", "", ";", "#"):
            raise self._fail("expected '='", scanner.at)
        aside, end = scanner.line_end()
        entry = Entry(
            self.current.section, self.current.subsection, intern(name), value, line, column,
            start, value_start - start, value_end - start, end - start, self._gathered(), aside, cut,
        )  # fmt: skip
        self.document.entries.append(entry)
        self.current.entries.append(entry)
        self.comments.clear()
        self.blanks.clear()
        return end, line + self.text.count("\n", position, max(position, end - 1))


def _is_cut(text: str, value_start: int, value_end: int, delimiter: int) -> bool:
    """Whether the comment sign at `delimiter` is right behind the value, or right before a word in its place."""
    if value_end == value_start:
        return text[delimiter + 1 : delimiter + 2] not in ("", " ", "\t", "\r", "\n", ";", "#")
    return value_end == delimiter
