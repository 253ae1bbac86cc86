"""Go's gcfg scanner, character by character: for the few statements that are not one simple line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BLANK = " \t\r"
ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}


class Scanner:
    """Go's scanner from one position on; `fail` makes the error for a message and an offset."""

    def __init__(self, text: str, at: int, fail: Callable[[str, int], Exception]) -> None:
        self.text = text
        self.at = at
        self.fail = fail

    def peek(self) -> str:
        """Return the character at hand, empty at the end."""
        return self.text[self.at : self.at + 1]

    def skip(self) -> None:
        """Go past blanks."""
        while self.peek() and self.peek() in BLANK:
            self.at += 1

    def identifier(self) -> str:
        """Read a name; empty where none begins."""
        start = self.at
        if not _is_letter(self.peek()):
            return ""
        while (char := self.peek()) and (_is_letter(char) or _is_digit(char) or char == "-"):
            self.at += 1
        return self.text[start : self.at]

    def header(self) -> tuple[str, str | None]:
        """Read a section header from its bracket on."""
        self.at += 1
        self.skip()
        section = self.identifier()
        if not section:
            raise self.fail("expected section name", self.at)
        self.skip()
        subsection: str | None = None
        if self.peek() == '"':
            start = self.at
            subsection = self._string()
            if not subsection:
                raise self.fail("empty subsection name", start)
            self.skip()
        if self.peek() != "]":
            wanted = "expected right bracket" if subsection else "expected subsection name or right bracket"
            raise self.fail(wanted, self.at)
        self.at += 1
        return section, subsection

    def _string(self) -> str:
        """Read a subsection's name: only `\\\\` and `\\"` are escapes, and it ends on its line."""
        start = self.at
        self.at += 1
        parts: list[str] = []
        while (char := self.peek()) != '"':
            if char in ("", "\n"):
                raise self.fail("string not terminated", start)
            if char == "\\":
                self.at += 1
                char = self.peek()
                if char not in ("\\", '"') or not char:
                    raise self.fail("unknown escape sequence", self.at)
            parts.append(char)
            self.at += 1
        self.at += 1
        return "".join(parts)

    def value(self) -> tuple[str, int]:
        """Read a value up to a comment or the line's end; returns its literal and the offset behind it."""
        text, start = self.text, self.at
        end = start
        has_cr = quoted = False
        while quoted or self.peek() not in ("", "\n", ";", "#"):
            char = self.peek()
            self.at += 1
            if quoted and char == "\\":
                if self.peek() not in ESCAPES:
                    raise self.fail("unknown escape sequence", self._seen(start, self.at))
                self.at += 1
            elif char == "\\":
                if self.peek() == "\r":
                    has_cr = True
                    self.at += 1
                if self.peek() not in ("\n", '"'):
                    raise self.fail(
                        "unquoted '\\' must be followed by new line or double quote", self._seen(start, self.at - 1)
                    )
                self.at += 1
            elif char == '"':
                quoted = not quoted
            elif char == "\r":
                has_cr = True
            elif not char or (quoted and char == "\n"):
                raise self.fail("string not terminated", start)
            if quoted or char not in BLANK:
                end = self.at
        literal = text[start:end]
        return (literal.replace("\r", "") if has_cr else literal), end

    def _seen(self, start: int, at: int) -> int:
        """Return the place to show of a value's error: on the line with its name, which says whether it is a secret."""
        return start if "\n" in self.text[start:at] else at

    def line_end(self) -> tuple[str, int]:
        """Return the comment at the end of the line and the offset of the next line."""
        self.skip()
        newline = self.text.find("\n", self.at)
        end = len(self.text) if newline < 0 else newline
        rest = self.text[self.at : end]
        if rest and rest[0] not in ";#":
            raise self.fail("expected EOL, EOF, or comment", self.at)
        return rest.rstrip("\r"), end if newline < 0 else end + 1


def _is_letter(char: str) -> bool:
    return char.isalpha()


def _is_digit(char: str) -> bool:
    return char.isdecimal()


def unquote(literal: str) -> str:
    """Return what a scanned literal means: quotes gone, escapes resolved, continued lines joined."""
    if "\\" not in literal:
        return literal.replace('"', "")
    parts: list[str] = []
    chars = iter(literal)
    for char in chars:
        if char == "\\":
            parts.append(ESCAPES.get(next(chars, ""), ""))
        elif char != '"':
            parts.append(char)
    return "".join(parts)
