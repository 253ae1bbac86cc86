"""The findings as a person deals with them: by what they ask, in the order of the work, the same ones together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm.findings import Asks, in_turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.findings import Command, Finding, Level, Place


class Line(NamedTuple):
    """One thing that happened, and every place where it did; no place: it comes from no line of an input."""

    what: str
    places: tuple[Place, ...]


class Item(NamedTuple):
    """Findings of one code that ask for the same: each thing that happened once, what to do once."""

    code: str
    level: Level
    asks: Asks
    lines: tuple[Line, ...]
    todo: str
    commands: tuple[Command, ...]
    link: str


def agenda(findings: Iterable[Finding]) -> list[Item]:
    """Return the items: what stops the pod, what is to be decided, what is good to know; each as its turn comes."""
    together: dict[tuple[object, ...], list[Finding]] = {}
    for one in in_turn(findings):
        together.setdefault((one.code, one.level, one.todo, one.link), []).append(one)
    return [_item(found) for found in together.values()]


def _item(findings: Sequence[Finding]) -> Item:
    first = findings[0]
    lines: dict[str, list[Place]] = {}
    for one in findings:
        lines.setdefault(one.what, []).extend([one.place] if one.place and one.place.line else [])
    commands = tuple(dict.fromkeys(command for one in findings for command in one.commands))
    made = tuple(Line(what, tuple(dict.fromkeys(places))) for what, places in lines.items())
    return Item(first.code, first.level, first.asks, made, first.todo, commands, first.link)


def where(places: Sequence[Place], main: str) -> str:
    """Return places in short: `22:1`, `lines 67-71, 73`; those of another file than `main` with its name."""
    files: dict[str, list[Place]] = {}
    for place in places:
        files.setdefault(place.file, []).append(place)
    parts = []
    for file, found in files.items():
        if len(found) == 1:
            text = f"{found[0].line}:{found[0].column}"
            parts.append(text if file == main else f"{file}:{text}")
        else:
            text = f"lines {_ranges(sorted({place.line for place in found}))}"
            parts.append(text if file == main else f"{file} {text}")
    return ", ".join(parts)


def _ranges(lines: Sequence[int]) -> str:
    """Return line numbers, those that follow each other as a range: `67-71, 73`."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def counts(findings: Iterable[Finding]) -> dict[Asks, int]:
    """Return how many findings ask what."""
    found = [one.asks for one in findings]
    return {asks: found.count(asks) for asks in Asks}
