"""What a run reads: the gcfg, a second one, the service's environment, values files. Nothing here decides anything."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gcfg2helm import gcfg
from gcfg2helm.findings import InputError
from gcfg2helm.masked import ENCRYPTED
from gcfg2helm.tables import Subsection, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Far beyond what is of use: the gcfg ends in a ConfigMap, the values in the record of a release, and each holds 1 MiB.
_LARGEST = 32 * 1024 * 1024
_MOST_LINES = 1_000_000
_MOST_SETTINGS = 400_000
_LONGEST_NAME = 1_000  # of a section: every message about one of its settings names it
_ASSIGNMENT = r"(?a)CONNECT_[A-Z0-9_]+="
# Variables of that form which clients and content read, not the server's configuration.
_NO_SETTINGS = frozenset({"CONNECT_SERVER", "CONNECT_API_KEY"})


def read(name: str) -> bytes:
    """Return the bytes of a file, or of standard input for `-`. Raises InputError for what is no file."""
    if name == "-":
        return _whole(sys.stdin.buffer, name)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    state = os.fstat(descriptor)
    if stat.S_ISDIR(state.st_mode):
        os.close(descriptor)
        raise InputError(f"{name}: is a folder; name the file in it")
    with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
        if state.st_size > _LARGEST:
            raise _too_large(name)
        os.set_blocking(descriptor, True)
        return _whole(file, name)


def _whole(file: BinaryIO, name: str) -> bytes:
    try:
        data = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _LARGEST:
        raise _too_large(name)
    return data


def _too_large(name: str) -> InputError:
    return InputError(f"{name}: larger than {_LARGEST // 2**20} MiB")


def documents(name: str, also: Iterable[str] = ()) -> list[tuple[str, gcfg.Document]]:
    """Return the gcfg and the files read besides it, parsed. Raises InputError and gcfg.GcfgError.

    What is beyond every real configuration is refused, so that no file takes longer than a person waits.
    """
    found = [("<stdin>" if one == "-" else one, read(one)) for one in (name, *also)]
    if sum(data.count(b"\n") for _, data in found) > _MOST_LINES:
        raise InputError(f"{found[0][0]}: more than {_MOST_LINES:,} lines")
    parsed = [(show, gcfg.parse(data, show)) for show, data in found]
    if sum(len(document.entries) for _, document in parsed) > _MOST_SETTINGS:
        raise InputError(f"{found[0][0]}: more than {_MOST_SETTINGS:,} settings")
    for show, document in parsed:
        for one in document.headers:
            if len(one.section) + len(one.subsection or "") > _LONGEST_NAME:
                raise InputError(
                    f"{show}:{one.line}: the name of the section is longer than {_LONGEST_NAME:,} characters"
                )
    return parsed


def text(name: str) -> str | None:
    """Return a values file as text, None where there is none. Raises InputError where it is no UTF-8 file."""
    if not Path(name).exists() and not Path(name).is_symlink():
        return None
    try:
        return read(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 at byte {error.start}") from None


def existing(name: str) -> str:
    """Return a values file as text, without a byte order mark. Raises InputError where there is none, or an encrypted one."""
    found = _there(name)
    if encrypted(found):
        raise InputError(
            f"{name}: encrypted by SOPS; decrypt it for one command: sops exec-file --no-fifo FILE 'gcfg2helm ... {{}}'"
        )
    return found


def perhaps_encrypted(name: str) -> str:
    """Return a values file as `existing` does; of an encrypted one all keys, each value as SOPS wrote it."""
    found = _there(name)
    if not encrypted(found):
        return found
    from gcfg2helm.values import splice
    from gcfg2helm.values.tree import Edit

    return splice.apply(found, [Edit(("sops",), remove=True)], file=name).text


def _there(name: str) -> str:
    found = text(name)
    if found is None:
        raise InputError(f"{name}: no such file or directory")
    return found.removeprefix("\ufeff")


def encrypted(text: str) -> bool:
    """Whether SOPS has encrypted a YAML file: what it knows about that is under a key of its own."""
    return ENCRYPTED in text and "\nsops:\n" in f"\n{text}".replace("\r", "")


def unnamed_neighbour(name: str, also: Iterable[str]) -> Path | None:
    """Return the second configuration file that Connect itself wrote, where it is beside the gcfg, and was not named."""
    if name == "-":
        return None
    path = Path(name)
    beside = path.with_name(f"{path.stem}-migration{path.suffix}")
    named = {os.path.realpath(one) for one in also}
    return beside if beside.is_file() and os.path.realpath(beside) not in named else None


def environment(name: str, tables: Tables) -> gcfg.Document:
    """Return the `CONNECT_<SECTION>_<PROPERTY>` variables of a file as a gcfg document with that file's positions.

    Lines are `KEY=value`, `export KEY=value`, or systemd's `Environment="KEY=value" "KEY2=value"`. A variable that names
    no setting of the tables keeps its own spelling, split behind its first part. Raises InputError.
    """
    try:
        source = read(name).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 at byte {error.start}") from None
    known = {
        f"CONNECT_{setting.section}_{setting.name}".upper(): setting
        for setting in tables
        if tables.sections[setting.section.lower()].subsection is not Subsection.REQUIRED
    }
    document = gcfg.Document(source)
    offset = 0
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        for column, variable, value in _assignments(line):
            setting = known.get(variable)
            section, _, rest = variable.removeprefix("CONNECT_").partition("_")
            one = gcfg.Header(setting.section if setting else section, None, number, column, offset)
            start = offset + column - 1
            value_start = start + len(variable) + 1
            entry = gcfg.Entry(
                one.section, None, setting.name if setting else rest or section, value, number, column, start,
                value_start - start, value_start - start + len(value), offset + len(line) - start,
            )  # fmt: skip
            one.entries.append(entry)
            document.headers.append(one)
            document.entries.append(entry)
        offset += len(line)
    return document


def _assignments(line: str) -> Iterator[tuple[int, str, str]]:
    """Yield column, name and value of each variable that a line sets."""
    bare = line.strip()
    if bare.startswith(("#", ";")) or "CONNECT_" not in bare:
        return
    at = 0
    systemd = bare.startswith("Environment=")
    words = _words(bare.removeprefix("Environment=")) if systemd else [bare.removeprefix("export ").strip()]
    for word in words:
        if not re.match(_ASSIGNMENT, word):
            continue
        name, _, value = word.partition("=")
        if name in _NO_SETTINGS:
            continue
        if not systemd:
            value = _unquoted(value)
        at = max(line.find(name, at), at)  # not there where quotes are inside the name
        yield at + 1, name, value


def _words(text: str) -> list[str]:
    """Split as systemd does: at blanks, quotes around a whole assignment or its value go."""
    import shlex

    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
