"""A repository's answers: `gcfg2helm.toml` beside the gcfg, and `GCFG2HELM_*` variables, in place of options.

The command line wins over a variable, a variable over the file, the file over the defaults. The keys of the file are the
long names of the options: `release = "connect"`, `image = ["a", "b"]`; paths in it start at its folder.
"""

import os
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


def variable(name: str) -> str:
    """Return the environment variable of an option: `GCFG2HELM_CHART_VERSION`."""
    return f"{PREFIX}{name.upper()}"


def path_for(gcfg: str) -> Path:
    """Return where the file is for a gcfg: beside it, for standard input in the current folder."""
    return Path(FILE) if gcfg in ("", "-") else Path(gcfg).parent / FILE


def read(file: Path, options: "Mapping[str, TyperOption]", known: Sequence[str]) -> dict[str, object]:
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
        return {}
    except OSError as error:
        raise InputError(f"{file}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _MAX_BYTES:
        raise InputError(f"{file}: larger than 1 MiB")
    try:
        rows = tomli.loads(data.decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {error}") from None
    found: dict[str, object] = {}
    for key, value in rows.items():
        name = key.replace("-", "_")
        if name not in known or name in _NEVER:
            raise InputError(f"{file}: {key!r} is not an option{_nearest(name, known)}")
        if name in options:
            found[name] = _value(file, key, value, options[name], name)
    return found


def _nearest(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0].replace('_', '-')}?" if near else ""


def _value(file: Path, key: str, value: object, option: "TyperOption", name: str) -> object:
    """Return a value as its option takes it. Raises InputError for one of another type."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise InputError(f"{file}: {key} takes true or false")
        return value
    if option.multiple:
        if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
            raise InputError(f'{file}: {key} takes a list of texts, such as ["a", "b"]')
        return [_placed(file, one) if name in _PATHS else one for one in value]
    if not isinstance(value, str):
        raise InputError(f"{file}: {key} takes a text in quotes")
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
