"""A parsed gcfg file as data: entries, headers, sections that read like `configparser`, and the spelling of names."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from gcfg2helm.gcfg.scanner import BLANK, unquote
from gcfg2helm.masked import STARS

_BOOLEANS = {
    "true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


class Entry(NamedTuple):
    """One variable: `value` is None where the line has no `=`. Line and column are 1-based.

    `start` is the offset of the name in the source, in characters; `to_value`, `to_value_end` and `to_end` lead from there
    to the value, behind it, and to the next line: small numbers, of which a large file has many. `above` are the comment lines before it as they are, an empty text for blank lines between two of them; `beside` the comment behind its value. `cut`: the value ends at
    a `;` or `#` that no blank precedes, so the writer probably meant more.
    """

    section: str
    subsection: str | None
    name: str
    value: str | None
    line: int
    column: int
    start: int
    to_value: int
    to_value_end: int
    to_end: int
    above: tuple[str, ...] = ()
    beside: str = ""
    cut: bool = False

    @property
    def value_start(self) -> int:
        """The offset of the value as it is, quotes included."""
        return self.start + self.to_value

    @property
    def value_end(self) -> int:
        """The offset behind the value."""
        return self.start + self.to_value_end

    @property
    def end(self) -> int:
        """The offset of the next line."""
        return self.start + self.to_end

    def __repr__(self) -> str:
        shown = "" if self.value is None else f" = {STARS}"
        return f"<Entry {header(self.section, self.subsection)}.{self.name}{shown} at {self.line}:{self.column}>"


class Header:
    """One section header and what is under it; `start` is the offset of its line, `end` that of its block's end.

    `above` are comments directly above it or on its line, `after` those at the end of its block, an empty text for blank
    lines between two of them.
    """

    __slots__ = ("above", "after", "column", "end", "entries", "line", "section", "start", "subsection")

    def __init__(
        self, section: str, subsection: str | None, line: int, column: int, start: int, above: tuple[str, ...] = ()
    ) -> None:
        self.section = section
        self.subsection = subsection
        self.line = line
        self.column = column
        self.start = start
        self.above = above
        self.entries: list[Entry] = []
        self.after: tuple[str, ...] = ()
        self.end = 0


class Section(Mapping[str, str | None]):
    """All settings of one section by name, without case, across repeated headers; a repeated name gives its last value."""

    def __init__(self, entries: list[Entry]) -> None:
        self._values: dict[str, list[str | None]] = {}
        self._names: dict[str, str] = {}
        for entry in entries:
            key = entry.name.lower()
            self._names.setdefault(key, entry.name)
            self._values.setdefault(key, []).append(entry.value)

    def __getitem__(self, name: str) -> str | None:
        return self._values[name.lower()][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def getlist(self, name: str) -> list[str | None]:
        """Return all values of a repeated name, in order; empty where there is none."""
        return list(self._values.get(name.lower(), ()))


class Document:
    """A parsed file: `source` is its text without the byte order mark; `head` are the comments at its top.

    Reads like `configparser`: `doc["Server"]["Address"]`, `doc['LDAP "x"']`, names of sections and settings without case.
    """

    def __init__(self, source: str, bom: bool = False) -> None:  # noqa: FBT001, FBT002 - a plain fact of the file
        self.source = source
        self.bom = bom
        self.head: tuple[str, ...] = ()
        self.headers: list[Header] = []
        self.entries: list[Entry] = []
        self._sections: dict[tuple[str, str | None], Section] = {}

    @property
    def newline(self) -> str:
        """The line ending of the file's first line."""
        end = self.source.find("\n")
        return "\r\n" if end > 0 and self.source[end - 1] == "\r" else "\n"

    def places(self, comments: Sequence[str], before: int) -> list[tuple[int, int]]:
        """Return line and column, from 1, of each of the comments that end above a line; empty texts stand for gaps."""
        found: list[tuple[int, int]] = []
        line, column = before, 0
        for comment in reversed(comments):
            while comment and line > 1:
                line -= 1
                text = self._lines[line - 1].rstrip("\r")
                if text.endswith(comment):
                    column = len(text) - len(comment) + 1
                    break
            found.append((line, column))
        return found[::-1]

    @cached_property
    def _lines(self) -> list[str]:
        return self.source.split("\n")

    def sections(self) -> list[str]:
        """Return each section once, as its first header writes it, subsection included: `LDAP "x"`."""
        names: dict[tuple[str, str | None], str] = {}
        for one in self.headers:
            names.setdefault((one.section.lower(), one.subsection), header(one.section, one.subsection))
        return list(names.values())

    def __contains__(self, section: object) -> bool:
        return isinstance(section, str) and self._find(section) is not None

    def __getitem__(self, section: str) -> Section:
        found = self._find(section)
        if found is None:
            raise KeyError(section)
        return found

    def _find(self, text: str) -> Section | None:
        section, subsection = split_header(text)
        key = (section.lower(), subsection)
        if key not in self._sections:
            headers = [one for one in self.headers if (one.section.lower(), one.subsection) == key]
            if not headers:
                return None
            self._sections[key] = Section([entry for one in headers for entry in one.entries])
        return self._sections[key]

    def get(self, section: str, name: str, fallback: str | None = None) -> str | None:
        """Return the last value of a setting, `fallback` where the file does not have it."""
        found = self._find(section)
        return found[name] if found is not None and name in found else fallback

    def getboolean(self, section: str, name: str, fallback: bool | None = None) -> bool | None:  # noqa: FBT001 - as configparser
        """Return a setting as a boolean (a name without `=` is true). Raises ValueError where it is none."""
        found = self._find(section)
        if found is None or name not in found:
            return fallback
        value = found[name]
        if value is None:
            return True
        meaning = boolean(value)
        if meaning is None:
            raise ValueError(f"{section}.{name} is not a boolean")
        return meaning

    def items(self, section: str) -> list[tuple[str, str | None]]:
        """Return the settings of a section as pairs of name and last value."""
        return list(self[section].items())


@lru_cache(4096)
def lower(text: str) -> str:
    """Return a name of a section or setting as Connect compares it; one text for each name, of which files repeat few."""
    return text.lower()


def boolean(text: str) -> bool | None:
    """Return what Go's gcfg reads: true, yes, on, 1 and false, no, off, 0 in any case; None for everything else."""
    return _BOOLEANS.get(text.lower())


@lru_cache(256)  # settings of one section follow each other
def header(section: str, subsection: str | None) -> str:
    """Return a section header's text without its brackets: `Server`, `LDAP "x"`."""
    if subsection is None:
        return section
    escaped = subsection.replace("\\", "\\\\").replace('"', '\\"')
    return f'{section} "{escaped}"'


@lru_cache(256)
def split_header(text: str) -> tuple[str, str | None]:
    """Return section and subsection of a header's text, the other way round than `header`."""
    name, blank, rest = text.strip(BLANK).partition(" ")
    if '"' in name:  # `LDAP"x"` is as good
        name, blank, rest = text.strip(BLANK).partition('"')
        rest = blank + rest
    rest = rest.strip(BLANK)
    return name, unquote(rest) if rest else None
