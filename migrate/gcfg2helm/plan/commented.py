"""Settings that are commented out in the gcfg, as the comment of values.yaml that takes out its sign says the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.masked import STARS
from gcfg2helm.plan.slots import node
from gcfg2helm.values import write
from gcfg2helm.values.comments import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gcfg2helm.tables import Setting, Tables

_BANNER = re.compile(r"[-=*#~_]{3,}.*|.*[-=*#~_]{3,}[\s;#]*")
_OPEN_SENTENCE = r"[.!?] [A-Z][^.!?:]*$"
_HEADER = re.compile(r"\[([A-Za-z][A-Za-z0-9]*(?:\s*\"[^\"]*\")?)\]")
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)")


class _Line(NamedTuple):
    """A comment: a setting that it holds, with its value, or just its text; `header` is the section that it opens."""

    text: str
    setting: Setting | None = None
    value: str = ""
    beside: str = ""
    header: str = ""


def is_banner(line: str) -> bool:
    """Whether a comment line is a heading between rules, or such a rule alone."""
    return bool(_BANNER.fullmatch(line)) and not _SETTING.fullmatch(line.strip())


def header(line: str, tables: Tables) -> str:
    """Return the header that a comment line holds, in the capitals of the tables; empty where it holds none."""
    found = _HEADER.fullmatch(line.strip())
    if not found:
        return ""
    name, subsection = gcfg.split_header(found[1])
    section = tables.sections.get(name.lower())
    return gcfg.header(section.name, subsection) if section else ""


def holds(line: str, section: str, tables: Tables) -> bool:
    """Whether a comment line holds a setting that the tables list for a section."""
    return _read(line, section, tables).setting is not None


def as_yaml(lines: Iterable[str], section: str, tables: Tables, *, apart: bool = False) -> list[str]:
    """Return comment lines as values.yaml holds them, none too long; a gap stays behind a section among them.

    `apart`: behind the last one too.

    The settings among them become YAML, those of other sections below their section's name.
    """
    written: list[str] = []
    texts: list[str] = []
    several: list[_Line] = []
    indent = ""
    for line in (*lines, None):
        opened = header(line, tables) if line else ""
        closes = line is not None and bool(indent) and is_banner(line)
        one = _read(line, section, tables) if line and not opened else None
        if texts and (line is None or opened or (one and one.setting)):
            written += prose(texts)
            texts = []
        if several and (line is None or opened or not one or one.setting is not several[0].setting):
            written += _settings(several, indent)
            several = []
        if opened:
            written += [""] if indent else []
            section, indent = gcfg.split_header(opened)[0], "  "
            written.append(f"{write.scalar(opened)}:")
        elif closes:
            written += ["", *prose([line or ""])]
            indent = ""
        elif one and one.setting:
            several.append(one)
        elif line is not None:
            texts.append(line)
    return [*written, ""] if indent and apart else written


def prose(lines: Iterable[str]) -> list[str]:
    """Return comment lines broken where they are too long; what runs on from such a line is filled up with the next.

    An empty line is a gap between two blocks, which goes.
    """
    done: list[str] = []
    carry = ""
    for line in (*lines, ""):
        if carry and not (line[:1].islower() or (line[:1].isalpha() and re.search(_OPEN_SENTENCE, carry))):
            done.append(carry)
            carry = ""
        text = f"{carry} {line}" if carry else line
        carry = ""
        if len(text) > WIDTH:
            *full, carry = write.filled(text, WIDTH)
            done += full
            if line.startswith("http"):
                done.append(carry)
                carry = ""
        elif text:
            done.append(text)
    return done


def _read(line: str, section: str, tables: Tables) -> _Line:
    found = _SETTING.fullmatch(line.strip())
    setting = tables.find(section, found[1]) if found else None
    if found is None or setting is None:
        return _Line(line)
    try:
        (entry,) = gcfg.parse(f"[S]\n{line.strip()}\n").entries
    except (gcfg.GcfgError, ValueError):
        return _Line(line)
    if entry.cut or entry.value is None:
        return _Line(line)
    return _Line(line, setting, entry.value, entry.beside.lstrip(";# "))


def _settings(lines: list[_Line], indent: str) -> Iterator[str]:
    """Yield one setting as YAML: a list where it takes several values and has them."""
    if not lines or lines[0].setting is None:
        return
    setting = lines[0].setting
    if len(lines) > 1 and setting.multi and not any(one.beside for one in lines):
        written = list(write.entry(setting.name, [_value(one) for one in lines], len(indent), WIDTH))
        yield from written
        return
    for one in lines:
        if STARS in one.value:
            yield f"{indent}{setting.name}: {one.value}"
            continue
        written = list(write.entry(setting.name, _value(one), len(indent), WIDTH))
        written[0] += f"  # {one.beside}" if one.beside else ""
        yield from written


def _value(line: _Line) -> str | int | bool:
    try:
        value = node(line.value)
    except ValueError:
        return line.value
    return value if isinstance(value, str | int | bool) else line.value
