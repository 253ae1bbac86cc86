"""The comments of the gcfg: each goes with what it is about, and none carries a secret along.

A comment above or beside a setting goes to its key, or to the chart's value that it became; above a header, or below a
banner in front of one, to the section. What is about nothing that is carried closes its section; where the section
is not carried either, it closes `config`, under the section's name. Settings that are commented out become YAML.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import gcfg
from gcfg2helm.enums import CommentMode
from gcfg2helm.findings import Finding, Place, finding
from gcfg2helm.plan import commented, scrub, secrets
from gcfg2helm.plan.decisions import Decision, Outcome
from gcfg2helm.values.tree import NO_COMMENTS, Comments, Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gcfg2helm.gcfg import Document, Entry, Header
    from gcfg2helm.tables import Tables
    from gcfg2helm.values.tree import Path

_UNDER_CONFIG = frozenset({Outcome.CARRIED, Outcome.RENAMED, Outcome.SECRET})
_CONFIG: Path = ("config",)
_PROSE = r"[^\W\d_] [^\W\d_]"
_STARRED = re.compile(r"[*\s]+")


class _Source(NamedTuple):
    file: str
    document: Document

    def before(self, header: Header | None) -> tuple[int, Sequence[str]]:
        """Return the line that comments in front of a header end above, and those of them that are its own."""
        if header is None:
            return self.document.source.count("\n") + 2, ()
        return header.line + 1, header.above


class GcfgComments:
    """All comments of the sources by the path they go to; `head` are those at the top of the first file."""

    def __init__(
        self,
        sources: Sequence[tuple[str, Document]],
        decisions: Sequence[Decision],
        edits: Iterable[Edit],
        tables: Tables,
        mode: CommentMode = CommentMode.ALL,
    ) -> None:
        self.findings: list[Finding] = []
        self.head: tuple[str, ...] = ()
        self._tables = tables
        self._all = mode is CommentMode.ALL
        self._comments: dict[Path, Comments] = {}
        self._homes = {id(one.at.entry): _home(one) for one in decisions}
        self._outcomes = {id(one.at.entry): one.outcome for one in decisions}
        self._outside = {edit.path for edit in edits}
        present = {(one.section, one.setting): one.path for one in decisions if one.outcome in _UNDER_CONFIG}
        for one in decisions:
            if one.outcome is Outcome.SUPERSEDED:
                self._homes[id(one.at.entry)] = present.get((one.section, one.setting), ())
        self._next: list[str] = []  # what goes above the next section
        self._begun: set[Path] = set()
        self._loose: dict[str, list[str]] = {}  # by the section that is not carried
        for number, (file, document) in enumerate(sources):
            source = _Source(file, document)
            followed = {id(one): after for one, after in pairwise((*document.headers, None)) if one}
            first = document.headers[0] if document.headers else None
            head = self._clean(document.head, source, *source.before(first))
            if number == 0:
                self.head = tuple(commented.prose(head)) if mode is not CommentMode.NONE else ()
            else:
                self._next += head
            for header in document.headers:
                self._section(source, header, followed[id(header)])
        closing = self._yaml(self._next, "") if self._all else []
        for section, lines in self._loose.items():
            closing += ["", f"About {section}, which is not carried over:", *(f"  {line}" for line in lines)]
        if closing:
            self._add(_CONFIG, Comments(after=tuple(closing)))
        if mode is CommentMode.NONE:
            self._comments = {}

    def _add(self, path: Path, comments: Comments) -> None:
        present = self._comments.get(path, NO_COMMENTS)
        if set(comments.after) <= set(present.after):  # a section that is repeated with its comments
            comments = comments._replace(after=())
        self._comments[path] = self._comments.get(path, NO_COMMENTS).then(comments)

    def _section(self, source: _Source, header: Header, following: Header | None) -> None:
        name = gcfg.header(header.section, header.subsection)
        own, others = self._parted(self._clean(header.after, source, *source.before(following)), header.section)
        above, rest = self._clean(header.above, source, header.line + 1), list[str]()
        home: Path = ()
        for entry in header.entries:
            path = self._homes[id(entry)]
            if path[:1] == _CONFIG and gcfg.split_header(path[1])[0].lower() == header.section.lower():
                home = home or path[:2]
            rest += self._entry(source, entry, path)
        if home:
            again = home in self._begun  # what is above the header waits for a section that begins here
            self._begun.add(home)
            before = [] if again else commented.as_yaml(self._next, "", self._tables, apart=True)
            self._add(home, Comments(above=(*before, *self._yaml(above, ""))))
            self._next = self._next if again else []
            if self._all:
                self._add(home, Comments(after=tuple(self._yaml([*rest, *own], header.section))))
        elif self._all and (lines := self._yaml([*above, *rest, *own], header.section)):
            self._loose.setdefault(name, []).extend(lines)
        if self._all:
            self._next += others

    def _entry(self, source: _Source, entry: Entry, path: Path) -> list[str]:
        """Place the comments of an entry; return those that it leaves behind."""
        above, beside = self._clean(entry.above, source, entry.line), self._beside(entry, source)
        if path[:1] != _CONFIG and path not in self._outside:
            return [*above, *beside]
        if not self._all:  # the block above it, without the settings that are commented out
            last = max((number for number, line in enumerate(above) if not line), default=-1)
            above = [line for line in above[last + 1 :] if not commented.holds(line, entry.section, self._tables)]
        if above or beside:
            lines = tuple(self._yaml(above, entry.section))
            self._add(path, Comments(above=lines, beside="".join(beside)))
        return []

    def _parted(self, lines: list[str], section: str) -> tuple[list[str], list[str]]:
        """Part the comments behind a section's last setting: those about it, and those about what follows.

        A banner begins a new topic; it belongs to the section where settings of the section are commented out below it.
        """
        topics: list[list[str]] = [[]]
        for line in lines:
            opens = commented.is_banner(line) or (commented.header(line, self._tables) and not _only_banner(topics[-1]))
            if opens:
                topics.append([])
            topics[-1].append(line)
        own = topics.pop(0)
        while topics:
            other = any(commented.header(line, self._tables) for line in topics[0])
            if other or not any(commented.holds(line, section, self._tables) for line in topics[0]):
                break
            own += topics.pop(0)
        return own, [line for topic in topics for line in topic]

    def _yaml(self, lines: Iterable[str], section: str) -> list[str]:
        return commented.as_yaml(lines, section, self._tables)

    def _beside(self, entry: Entry, source: _Source) -> list[str]:
        """Return the comment behind a value; behind a secret, or a value that is cut, it may be the rest of that."""
        if not entry.beside:
            return []
        secret = secrets.secret_name(entry.section, entry.name)
        secret = secret or self._outcomes[id(entry)] is Outcome.SECRET
        secret = secret or (entry.cut and "://" in (entry.value or ""))
        if secret and entry.beside.strip("; #\t*"):
            what = (
                f"The comment after {entry.name} is left out: it may be the end of a secret that a `;` or `#` cut off."
            )
            self.findings.append(finding("G2H506", what, place=Place(source.file, entry.line, entry.column)))
            return []
        end = entry.line + source.document.source.count("\n", entry.start, entry.value_end)
        cleaned = self._clean((entry.beside,), source, end + 1)
        return [line for line in cleaned if not entry.cut or re.search(_PROSE, line)]

    def _clean(self, lines: Sequence[str], source: _Source, before: int, between: Sequence[str] = ()) -> list[str]:
        """Take the delimiter off each line, and a secret out of it; an empty text stays for a gap between blocks.

        The last of them is the comment nearest above the line `before`, but for those `between`.
        """
        cleaned: list[str] = []
        places: list[tuple[int, int]] = []
        for number, line in enumerate(lines):
            text, changed = scrub.comment(line)
            if changed:
                places = places or source.document.places((*lines, *between), before)
                what = "A secret in this comment is replaced by stars."
                self.findings.append(finding("G2H506", what, place=Place(source.file, *places[number])))
            bare = _bare(text)
            if not _STARRED.fullmatch(bare) or not changed:
                cleaned.append(bare)
        return cleaned

    def place(self, edits: Iterable[Edit]) -> list[Edit]:
        """Hand each comment to the edit of its key; comments of a section become an edit of comments alone."""
        placed: list[Edit] = []
        seen: set[Path] = set()
        for edit in edits:
            section = edit.path[:2]
            if section not in seen and section[:1] == _CONFIG and not edit.remove:
                seen.add(section)
                placed += self._only_comments(section)
            found = self._comments.pop(edit.path, None) if not edit.remove else None
            placed.append(edit if found is None else edit._replace(comments=found.then(edit.comments)))
        return placed

    def rest(self) -> list[Edit]:
        """Return edits for the comments of paths that no edit has."""
        return [edit for path in list(self._comments) for edit in self._only_comments(path)]

    def _only_comments(self, path: Path) -> list[Edit]:
        found = self._comments.pop(path, NO_COMMENTS)
        return [Edit(path, comments=found, comments_only=True)] if any(found) else []


def _home(decision: Decision) -> Path:
    """Return the path whose key a comment of the entry goes to; empty where there is none."""
    return decision.path if decision.outcome in _UNDER_CONFIG or decision.outcome is Outcome.MOVED else ()


def _only_banner(lines: Sequence[str]) -> bool:
    return bool(lines) and all(not line or commented.is_banner(line) for line in lines)


def _bare(line: str) -> str:
    """Return a comment line without its first `;` or `#` and one blank, nor a `;` or `#` that closes it as a banner."""
    text = line.strip()
    if text[:1] in (";", "#"):
        text = text[1:]
    text = (
        text.removeprefix(" ").rstrip().replace("TODO(gcfg2helm)", "TODO (gcfg2helm)")
    )  # the mark is the program's own
    return text.rstrip(";# ") if commented.is_banner(text) and text.rstrip(";# ") else text
