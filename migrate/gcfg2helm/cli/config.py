"""A repository's answers: `gcfg2helm.toml` beside the gcfg, and `GCFG2HELM_*` variables, in place of options.

The command line wins over a variable, a variable over the file, the file over the defaults. The keys of the file are the
long names of the options: `release = "connect"`, `image = ["a", "b"]`; paths in it start at its folder.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import tomli

from gcfg2helm.findings import InputError

if TYPE_CHECKING:
    from typer.core import TyperOption

Answer: TypeAlias = str | list[str]  # of an option, as the command line and the file give it
FILE = "gcfg2helm.toml"
PREFIX = "GCFG2HELM_"
_MAX_BYTES = 1024 * 1024
# Options that name files or folders of this machine.
_PATHS = frozenset({"chart", "root", "also", "env_file", "mappings", "report", "output"})
# What a repository cannot answer for whoever runs the program.
_NEVER = frozenset({"help", "show_config"})


class Answers(dict[str, object]):
    """What the file says, by parameter name; `places` are file and line of each key, as messages name them."""

    def __init__(self, file: Path, text: str) -> None:
        super().__init__()
        self.places: dict[str, str] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if found := _key_of(line):
                self.places.setdefault(found.replace("-", "_"), f"{file}:{number}")

    def only(self, names: set[str]) -> "Answers":
        """Keep what the file says of these options: for others something else counts."""
        for name in self.keys() - names:
            del self[name]
        return self

    def blamed(self, message: str) -> str:
        """Return a message about an option, or about a file that one names, with the place of the key; else nothing."""
        named = re.match(r"--([a-z][a-z-]*)", message)
        name = named[1].replace("-", "_") if named else self._naming(message)
        place = self.places.get(name, "") if name in self else ""
        return f"{place}: {key(name)}: {message.removeprefix(f'--{key(name)}: ')}" if place else ""

    def _naming(self, message: str) -> str:
        for name, value in self.items():
            if any(message.startswith(f"{one}:") for one in (value if isinstance(value, list) else [value]) if one):
                return name
        return ""


said: Answers | None = None  # what counts of the file in the command that runs


def key(name: str) -> str:
    """Return the key of an option in the file, as the command line names it: `chart-version`."""
    return name.replace("_", "-")


def variable(name: str) -> str:
    """Return the environment variable of an option: `GCFG2HELM_CHART_VERSION`."""
    return f"{PREFIX}{name.upper()}"


def path_for(gcfg: str) -> Path:
    """Return where the file is for a gcfg: beside it, for standard input in the current folder."""
    return Path(FILE) if gcfg in ("", "-") else Path(gcfg).parent / FILE


def read(file: Path, options: "Mapping[str, TyperOption]", known: Sequence[str]) -> Answers:
    """Return what the file says of a command's options, by parameter name, as the command line would give it.

    `options` are the command's own by parameter name, `known` the names of all commands' options: a file serves them all.
    Empty where there is no such file. Raises InputError for a file that cannot be read, an unknown key, a wrong type.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # never waits for a pipe
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - of a descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"{file}: not a regular file")
            data = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return Answers(file, "")
    except OSError as error:
        raise InputError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _MAX_BYTES:
        raise InputError(f"{file}: larger than 1 MiB")
    try:
        text = data.decode("utf-8")
        rows = tomli.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file}:{line}: byte {data[error.start]:#04x} is not UTF-8") from None
    except tomli.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")  # `line 1, column 13)`, or the end of the document
        place = ":".join(re.findall(r"\d+", where)) or text.count("\n") + 1
        raise InputError(f"{file}:{place}: {what}") from None
    found = Answers(file, text)
    for key, value in rows.items():
        name = key.replace("-", "_")
        place = found.places.get(name) or _section(file, text, key)
        if name not in known or name in _NEVER:
            raise InputError(f"{place}: {key!r} is not an option{_nearest(name, known)}")
        if name in options:
            found[name] = _value(file, place, key, value, options[name], name)
    return found


def _section(file: Path, text: str, key: str) -> str:
    """Return the place of a section; the file where it cannot be found."""
    numbers = (
        number for number, line in enumerate(text.split("\n"), 1) if line.strip().startswith("[") and key in line
    )
    return ":".join([str(file), *map(str, list(numbers)[:1])])


def _nearest(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0].replace('_', '-')}?" if near else ""


def _value(file: Path, place: str, key: str, value: object, option: "TyperOption", name: str) -> object:
    """Return a value as its option takes it. Raises InputError for one of another type."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise InputError(f"{place}: {key} takes true or false")
        return value
    if option.multiple:
        if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
            raise InputError(f'{place}: {key} takes a list of texts, such as ["a", "b"]')
        return [_placed(file, one) if name in _PATHS else one for one in value]
    if option.type.name.startswith("int") and isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise InputError(f"{place}: {key} takes a text in quotes")
    return _placed(file, value) if name in _PATHS else value


def _placed(file: Path, name: str) -> str:
    """Return a path of the file as one from the current folder; `-` and an empty one stay."""
    return name if name in ("", "-") else str(file.parent / name)


def lines(given: Mapping[str, object], sources: Mapping[str, str]) -> Iterator[str]:
    """Yield the settings of a run as TOML, each with where it comes from (`--show-config`)."""
    rows = [f"{name.replace('_', '-')} = {_toml(value)}" for name, value in given.items()]
    width = min(max(map(len, rows), default=0), 60)
    for row, name in zip(rows, given, strict=True):
        yield f"{row:<{width}}  # {sources[name]}"


def _toml(value: object) -> str:
    if isinstance(value, list | tuple | frozenset):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(getattr(value, "value", value))
    import json

    return json.dumps(text, ensure_ascii=False)  # a basic string of TOML for every text without control characters


def with_answers(text: str, answers: Mapping[str, Answer]) -> str:
    """Return the file's text with these options set: a key that is there changes in place, others come at its end.

    `answers` are by parameter name. Comments and all other lines stay.
    """
    lines = text.splitlines(keepends=True)
    for name, value in answers.items():
        key = name.replace("_", "-")
        line = f"{key} = {_toml(value)}\n"
        start = next((n for n, one in enumerate(lines) if _key_of(one) in (key, name)), None)
        if start is None:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            lines.append(line)
            continue
        end = next(n for n in range(start + 1, len(lines) + 1) if _is_toml("".join(lines[start:n])))
        lines[start:end] = [line]
    return "".join(lines)


def _key_of(line: str) -> str:
    key, sign, _ = line.partition("=")
    return key.strip().strip("\"'") if sign else ""


def _is_toml(text: str) -> bool:
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return False
    return True
