"""Plain lines for a terminal: the preview, the findings, the sum at the end. Colour only where it is asked for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gcfg2helm.values import diff
from gcfg2helm.values.paths import dotted
from gcfg2helm.values.tree import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.values.diff import Change

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}
_SIGNS = {"+": "green", "-": "red", "~": "yellow"}


def paint(text: str, colour: str, *, on: bool) -> str:
    """Return text in a colour, where colours are on."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on and text else text


def clipped(text: str, width: int) -> str:
    """Return text in at most so many characters."""
    return text if len(text) <= width else text[: max(width - 1, 1)] + "…"


def change_lines(changes: Sequence[Change], width: int, *, colour: bool) -> Iterator[str]:
    """Yield the changes of values.yaml, grouped by section: sign, path, old and new value."""
    top: tuple[str, ...] = ()
    for change in changes:
        depth = 2 if change.path[0] == "config" and len(change.path) > 2 else 1 if len(change.path) > 1 else 0
        group, rest = change.path[:depth], change.path[depth:]
        if group != top:
            top = group
            if group:
                yield paint(f"  {dotted(group)}", "bold", on=colour)
        indent = "    " if group else "  "
        yield _change_line(change, indent + f"{change.sign} {dotted(rest)}", width, colour=colour)


def _change_line(change: Change, start: str, width: int, *, colour: bool) -> str:
    hue = _SIGNS[change.sign]
    room = max(width - len(start) - 2, 24)
    if change.old is MISSING or change.new is MISSING:
        value = diff.shown(change.new if change.old is MISSING else change.old)
        return f"{paint(start, hue, on=colour)}: {clipped(value, room)}"
    half = max((room - 4) // 2, 10)
    old, new = clipped(diff.shown(change.old), half), clipped(diff.shown(change.new), half)
    return f"{paint(start, hue, on=colour)}: {paint(old, 'red', on=colour)} -> {paint(new, 'green', on=colour)}"


def change_count(changes: Sequence[Change]) -> str:
    """Return the sum of the changes: `34 added, 2 changed, 1 removed`."""
    signs = [change.sign for change in changes]
    parts = [(signs.count("+"), "added"), (signs.count("~"), "changed"), (signs.count("-"), "removed")]
    return ", ".join(f"{number} {word}" for number, word in parts if number) or "no values changed"


def wrapped(start: str, text: str, width: int, start_width: int) -> Iterator[str]:
    """Yield a text behind its start, the rest indented; where the start leaves little room, all of it below."""
    room = width - start_width
    if len(text) <= room and room >= 30:  # nearly all, and wrapping is slow
        yield start + text.rstrip()
        return
    if room < 30:
        words = textwrap.wrap(text, max(width - 7, 20), break_long_words=False, break_on_hyphens=False)
        yield start.rstrip()
        yield from (f"       {line}" for line in words)
        return
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    yield start + lines[0]
    rest = text[len(lines[0]) :].strip() if len(lines) > 1 else ""
    for line in textwrap.wrap(rest, max(width - 7, 20), break_long_words=False, break_on_hyphens=False):
        yield "       " + line
