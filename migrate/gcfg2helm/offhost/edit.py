"""Changes single settings in the text of a gcfg and leaves every other byte where it is."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.masked import STARS
from gcfg2helm.plan import scrub, secrets
from gcfg2helm.values import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gcfg2helm.gcfg import Document, Entry


class _Change(NamedTuple):
    """The text that takes the place of what is between two offsets."""

    start: int
    end: int
    text: str


def settle(
    document: Document, section: str, single: Mapping[str, str | bool], several: Mapping[str, Sequence[str]]
) -> str:
    """Return the file's text, byte order mark included, with these settings of a section without subsection.

    Of a single setting the line that counts is changed, and only where it means something else. Of a setting with
    several values those that are there stay; a line with a value that is not wanted takes a wanted one that is
    missing, the first the first; lines left over stay as they are. What the section lacks comes behind its last
    setting, a section that the file lacks at its end. Raises ValueError for a value that gcfg cannot hold.
    """
    entries = [one for one in document.entries if _in(one, section)]
    changes: list[_Change] = []
    missing: list[tuple[str, str]] = []
    for name, value in single.items():
        text = _text(value)
        last = next((one for one in reversed(entries) if one.name.lower() == name.lower()), None)
        if last is None:
            missing.append((name, text))
        elif not _means(last, value):
            changes.append(_replaced(document.source, last, text))
    for name, values in several.items():
        live = live_entries(entries, name)
        held = {one.value for one in live}
        new = [value for value in dict.fromkeys(values) if value not in held]
        spare = [one for one in live if one.value not in values]
        changes += (_replaced(document.source, one, value) for one, value in zip(spare, new, strict=False))
        missing += ((name, value) for value in new[len(spare) :])
    if missing:
        changes.append(_inserted(document, section, missing))
    text = _applied(document.source, changes)
    _prove(document, text, section, {name.lower() for name in (*single, *several)})
    return ("\ufeff" if document.bom else "") + text


def live_entries(entries: Iterable[Entry], name: str) -> list[Entry]:
    """Return the entries of a setting with several values that count: those after the last name without `=`."""
    found: list[Entry] = []
    for one in entries:
        if one.name.lower() == name.lower():
            found = [] if one.value is None else [*found, one]
    return found


def _in(entry: Entry, section: str) -> bool:
    return entry.subsection is None and entry.section.lower() == section.lower()


def _text(value: str | bool) -> str:  # noqa: FBT001 - a value of the file
    return value if isinstance(value, str) else "true" if value else "false"


def _means(entry: Entry, value: str | bool) -> bool:  # noqa: FBT001 - a value of the file
    if isinstance(value, str):
        return entry.value == value
    return (True if entry.value is None else gcfg.boolean(entry.value)) is value


def _replaced(source: str, entry: Entry, value: str) -> _Change:
    """Return the change of one value; an empty one is written right behind its `=`, before blanks, CR and comment."""
    text = gcfg.quote(value)
    name_end = entry.start + len(entry.name)
    if entry.value is None:
        return _Change(name_end, name_end, f" = {text}")
    if entry.value_start == entry.value_end:
        behind = source.index("=", name_end) + 1
        return _Change(behind, behind, f" {text}")
    return _Change(entry.value_start, entry.value_end, text)


def _inserted(document: Document, section: str, missing: Sequence[tuple[str, str]]) -> _Change:
    """Return new lines behind the last setting of the section, indented like it, or a new section at the end."""
    source, newline = document.source, document.newline
    headers = [one for one in document.headers if one.subsection is None and one.section.lower() == section.lower()]
    lines = [f"{name} = {gcfg.quote(value)}{newline}" for name, value in missing]
    if not headers:
        tail = source[-4:].replace("\r", "")
        gap = "" if not source or tail.endswith("\n\n") else newline if tail.endswith("\n") else newline * 2
        return _Change(len(source), len(source), f"{gap}[{section}]{newline}" + "".join(lines))
    indent = ""
    if headers[-1].entries:
        last = headers[-1].entries[-1]
        at = last.end
        before = source[source.rfind("\n", 0, last.start) + 1 : last.start]
        indent = before if not before.strip(" \t") else ""
    else:
        found = source.find("\n", headers[-1].start)
        at = len(source) if found < 0 else found + 1
    gap = "" if source[at - 1] == "\n" else newline
    return _Change(at, at, gap + "".join(indent + line for line in lines))


def _applied(source: str, changes: Iterable[_Change]) -> str:
    """Make all changes; where two start at the same offset, at the file's end, the earlier one comes first."""
    text, at = "", 0
    for change in sorted(changes, key=lambda one: one.start):
        text += source[at : change.start] + change.text
        at = change.end
    return text + source[at:]


def _prove(document: Document, text: str, section: str, names: set[str]) -> None:
    """Read the new text and compare: an error of this program must not reach the disk."""

    def others(entries: Iterable[Entry]) -> list[tuple[str, str | None, str, str | None]]:
        return [
            (one.section, one.subsection, one.name, one.value)
            for one in entries
            if not (_in(one, section) and one.name.lower() in names)
        ]

    if others(gcfg.parse(text).entries) != others(document.entries):
        raise AssertionError("a change reached beyond its setting")


# what people read ------------------------------------------------------------------------------------------------------


def preview(before: Document, after: Document) -> list[str]:
    """Return the lines that differ, as a diff without context; secrets show as stars."""
    return diff(before.source, after.source, _shown(before), _shown(after))


def diff(
    old: str, new: str, old_shown: Sequence[str] | None = None, new_shown: Sequence[str] | None = None
) -> list[str]:
    """Return the lines that differ between two texts: `@@ line 3 @@`, then those that go and those that come."""
    old_lines, new_lines = old.split("\n"), new.split("\n")
    old_shown, new_shown = old_shown or old_lines, new_shown or new_lines
    found: list[str] = []
    matcher = difflib.SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    for kind, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            found.append(f"@@ line {new_start + 1} @@")
            found += ("-" + _line(line) for line in old_shown[old_start:old_end])
            found += ("+" + _line(line) for line in new_shown[new_start:new_end])
    return found


def _line(line: str) -> str:
    return write.visible(line.removesuffix("\r"))


def _shown(document: Document) -> list[str]:
    """Return the lines of a file with stars for secrets, also where a secret goes on over several lines."""
    lines = [scrub.source(line) for line in document.source.split("\n")]
    for one in document.entries:
        if secrets.secret_name(one.section, one.name):
            more = document.source.count("\n", one.value_start, one.value_end)
            lines[one.line : one.line + more] = [STARS] * more
    return lines
