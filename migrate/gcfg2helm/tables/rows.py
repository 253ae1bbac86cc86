"""Strict reading of table rows: every problem of every file is collected, so that one run shows them all."""

from __future__ import annotations

import os
import stat
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import tomli

from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
_LARGEST = 1024 * 1024  # the largest table of the package holds a twentieth of it


class Problem(NamedTuple):
    """What is wrong with one row of one table file."""

    file: str
    row: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.row}: {self.message}" if self.row else f"{self.file}: {self.message}"


class TablesError(Exception):
    """The mapping tables cannot be used; `problems` holds every reason found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Row:
    """One table of a TOML file, taken apart field by field; what nobody took is a problem."""

    __slots__ = ("_file", "_left", "_name", "_problems", "broken")

    def __init__(self, fields: Mapping[str, Any], file: str, name: str, problems: list[Problem]) -> None:
        self._left = dict(fields)
        self._file = file
        self._name = name
        self._problems = problems
        self.broken = False  # whether this is a file that could not be read

    def problem(self, message: str) -> None:
        """Note a problem of this row."""
        self._problems.append(Problem(self._file, self._name, message))

    def has(self, key: str) -> bool:
        """Whether the row has the field."""
        return key in self._left

    def require(self, key: str) -> None:
        """Report the field where it is absent or empty."""
        if not self._left.get(key):
            self.problem(f"{key}: required")

    def take(self, key: str, kind: type[T], default: T) -> T:
        """Return the field, or `default` where it is absent or of another type than `kind` (then a problem)."""
        if key not in self._left:
            return default
        value = self._left.pop(key)
        if type(value) is not kind:
            self.problem(f"{key}: {kind.__name__} expected, found {value!r}")
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings as a tuple; absent is empty."""
        values: list[Any] = self.take(key, list, [])
        if any(type(value) is not str for value in values):
            self.problem(f"{key}: a list of strings expected, found {values!r}")
            return ()
        return tuple(values)

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E | None:
        """Return the member of `kind` whose value the field holds; the field is required where there is no default."""
        text = self.take(key, str, "")
        if not text:
            if default is None:
                self.problem(f"{key}: required")
            return default
        try:
            return kind(text)
        except ValueError:
            self.problem(f"{key}: {text!r} is none of {', '.join(str(member.value) for member in kind)}")
            return default

    def version(self, key: str) -> Version | None:
        """Return the field as a version; absent is None, malformed a problem."""
        text = self.take(key, str, "")
        if not text:
            return None
        try:
            return Version.parse(text)
        except ValueError as error:
            self.problem(f"{key}: {error}")
            return None

    def span(self) -> Span:
        """Return the chart versions of the row, from its fields `from` and `before`."""
        span = Span(self.version("from"), self.version("before"))
        if span.since and span.before and span.since >= span.before:
            self.problem(f"from {span.since} is not before {span.before}")
        return span

    def rows(self, key: str) -> list[Row]:
        """Return a list of tables as rows of their own."""
        values: list[Any] = self.take(key, list, [])
        if any(type(value) is not dict for value in values):
            self.problem(f"{key}: a list of tables expected")
            return []
        prefix = f"{self._name}." if self._name else ""
        return [
            Row(value, self._file, f"{prefix}{key}[{number}]", self._problems) for number, value in enumerate(values, 1)
        ]

    def tables(self) -> dict[str, Row]:
        """Take every field that is left and is a table, as rows of their own by name."""
        names = [key for key, value in self._left.items() if type(value) is dict]
        prefix = f"{self._name}." if self._name else ""
        return {key: Row(self._left.pop(key), self._file, prefix + key, self._problems) for key in names}

    def finish(self) -> None:
        """Report each field that nobody took."""
        for key in self._left:
            self.problem(f"unknown field {key!r}")


def read_file(path: Traversable, problems: list[Problem], shown: str = "") -> Row:
    """Read one TOML file as a row; a file that is not TOML is a problem and reads as empty.

    `shown` is how problems name the file, where not by its own name.
    """
    name = shown or path.name
    try:
        return Row(tomli.loads(_text(path)), name, "", problems)
    except OSError as error:
        problems.append(Problem(name, "", (error.strerror or str(error)).lower()))
    except (tomli.TOMLDecodeError, ValueError) as error:
        problems.append(Problem(name, "", str(error)))
    empty = Row({}, name, "", problems)
    empty.broken = True
    return empty


def _text(path: Traversable) -> str:
    """Return a table's text. Raises OSError and ValueError, also for what is no regular file or too large; never waits."""
    if not isinstance(path, Path):
        return path.read_text("utf-8")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("larger than 1 MiB")
    return data.decode("utf-8")
