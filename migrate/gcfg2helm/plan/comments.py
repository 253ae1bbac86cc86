"""The comments of the gcfg: each finds its place beside what it was written for, and none carries a secret along.

A comment above or beside a setting goes to its key; above a header, to the section; what belonged to a setting that
is not under `config` any more waits for the next key of its section, then for the section's end, then for the next
section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm.findings import Finding, Place, finding
from gcfg2helm.masked import STARS
from gcfg2helm.plan import secrets
from gcfg2helm.plan.decisions import Decision, Outcome
from gcfg2helm.values.tree import Comments, Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.gcfg import Document, Entry
    from gcfg2helm.values.tree import Path

_UNDER_CONFIG = frozenset({Outcome.CARRIED, Outcome.RENAMED, Outcome.SECRET})


class _Notes:
    __slots__ = ("above", "after", "beside")

    def __init__(self) -> None:
        self.above: list[str] = []
        self.beside: list[str] = []
        self.after: list[str] = []


class Commentary:
    """All comments of the sources by the path they go to; `head` are those at the top of the first file."""

    def __init__(self, sources: Sequence[tuple[str, Document]], decisions: Sequence[Decision]) -> None:
        self.findings: list[Finding] = []
        self._notes: dict[Path, _Notes] = {}
        self._decisions = {id(decision.at.entry): decision for decision in decisions}
        self.head: tuple[str, ...] = ()
        waiting: list[str] = []
        for number, (file, document) in enumerate(sources):
            head = self._clean(document.head, file)
            if number == 0:
                self.head = tuple(head)
            else:
                waiting += head
            waiting = self._walk(file, document, waiting)
        if waiting:
            self._at(("config",)).after += waiting

    def _at(self, path: Path) -> _Notes:
        return self._notes.setdefault(path, _Notes())

    def _walk(self, file: str, document: Document, waiting: list[str]) -> list[str]:
        for header in document.headers:
            waiting += self._clean(header.above, file)
            section: Path = ()
            for entry in header.entries:
                own = self._clean(entry.above, file)
                beside = self._beside(entry, file)
                decision = self._decisions[id(entry)]
                path = decision.path if decision.outcome in _UNDER_CONFIG else ()
                if not path:
                    waiting += own + beside
                    continue
                if not section:
                    section = path[:2]
                    self._at(section).above += waiting
                    waiting = []
                notes = self._at(path)
                notes.above += waiting + own
                notes.beside += beside
                waiting = []
            waiting += self._clean(header.after, file)
            if section:
                self._at(section).after += waiting
                waiting = []
        return waiting

    def _beside(self, entry: Entry, file: str) -> list[str]:
        """Return the comment behind a value; behind a secret it may be what a comment sign cut off."""
        if not entry.beside:
            return []
        secret = secrets.secret_name(entry.section, entry.name)
        secret = secret or self._decisions[id(entry)].outcome is Outcome.SECRET
        secret = secret or (entry.cut and "://" in (entry.value or ""))
        if secret and entry.beside.strip("; #\t*"):
            what = f"The comment behind {entry.name} is left out: it may be what a `;` or `#` cut off a secret."
            self.findings.append(finding("G2H506", what, place=Place(file, entry.line, entry.column)))
            return [STARS]
        return self._clean((entry.beside,), file)

    def _clean(self, lines: Iterable[str], file: str) -> list[str]:
        """Take the delimiter off each line, and a secret out of it."""
        cleaned: list[str] = []
        for line in lines:
            text, changed = secrets.scrub_comment(line)
            if changed:
                what = "A commented-out setting held a secret."
                self.findings.append(finding("G2H506", what, place=Place(file, 0, 0)))
            cleaned.append(_bare(text))
        return cleaned

    def place(self, edits: Iterable[Edit]) -> list[Edit]:
        """Hand each comment to the edit of its key; comments of a section become an edit of comments alone."""
        placed: list[Edit] = []
        seen: set[Path] = set()
        for edit in edits:
            section = edit.path[:2]
            if section not in seen and not edit.remove:
                seen.add(section)
                placed += self._only_comments(section)
            notes = self._notes.pop(edit.path, None) if not edit.remove else None
            placed.append(edit if notes is None else edit._replace(comments=_comments(notes)))
        for path in list(self._notes):
            placed += self._only_comments(path)
        return placed

    def _only_comments(self, path: Path) -> list[Edit]:
        notes = self._notes.pop(path, None)
        if notes is None or not (notes.above or notes.beside or notes.after):
            return []
        return [Edit(path, comments=_comments(notes), comments_only=True)]


def _comments(notes: _Notes) -> Comments:
    """One comment beside stays there; of several, all but the last stand above."""
    *more, beside = notes.beside or [""]
    return Comments(tuple(notes.above + more), beside, tuple(notes.after))


def _bare(line: str) -> str:
    """Return a comment line without its first `;` or `#` and one blank."""
    text = line.strip()
    if text[:1] in (";", "#"):
        text = text[1:]
    return text.removeprefix(" ").rstrip()
