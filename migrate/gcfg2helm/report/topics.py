"""What the tables know of a setting, a section or a finding, found by the name that a person types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from gcfg2helm import gcfg
from gcfg2helm.findings import Code, codes
from gcfg2helm.report.destinations import actions, destinations, first_chart, newest, place
from gcfg2helm.tables import Holds, Kind, Section, Setting, Source, Subsection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gcfg2helm.tables import Action, Rule, Tables
    from gcfg2helm.versions import Version

_CODE = re.compile(r"[Gg]2[Hh][0-9]*")
_NAME = re.compile(
    r'\s*\[?\s*(?P<section>[A-Za-z0-9-]+)(?:\s*(?P<subsection>"(?:[^"\\]|\\.)*"))?\s*\]?\s*'
    r"(?:\.\s*(?P<setting>[A-Za-z0-9-]+)\s*)?"
)
_VARIABLE = re.compile(r"CONNECT_([A-Za-z0-9]+)_([A-Za-z0-9]+)", re.IGNORECASE)
_NEAR = 3
SOURCES = {
    Source.DOCS: "Posit's documentation",
    Source.CHART: "the chart",
    Source.PUBLIC: "public configuration files",
    Source.UNCONFIRMED: "UNCONFIRMED: a single sighting or memory; look it up before you rely on it",
    Source.SITE: "your own tables",
}
KINDS = {Kind.BYTESIZE: "byte size", Kind.URL: "URL"}
_HOLDS = {
    Holds.FILE: "a file",
    Holds.DIRECTORY: "a directory",
    Holds.PROGRAM: "a program",
    Holds.LOG: "a log file, or STDOUT or STDERR",
}
_SUBSECTIONS = {
    Subsection.NO: "its header has no name",
    Subsection.OPTIONAL: "its header may have a name",
    Subsection.REQUIRED: "its header has a name",
}


class NotFoundError(Exception):
    """Nothing has that name, or several things have; `near` are the names that may be meant."""

    def __init__(
        self, name: str, near: Sequence[str], what: str = "no setting, section or finding has this name"
    ) -> None:
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "`gcfg2helm explain` lists all settings, `--findings` all findings"
        )
        super().__init__(f"{name!r}: {what}; {hint}")
        self.near = tuple(near)


@dataclass(frozen=True, slots=True)
class Named:
    """A setting, in the named section that was asked for (None: none was)."""

    setting: Setting
    subsection: str | None


Topic: TypeAlias = Named | Section | Code


def find(tables: Tables, text: str) -> Topic:
    """Return what a name stands for: `Server.Address`, `LDAP "x".BindDN`, `LDAP`, `G2H101`, `CONNECT_SERVER_ADDRESS`.

    Capitals do not matter. The name of a setting alone will do where only one section has it. Raises NotFoundError.
    """
    if _CODE.fullmatch(text):
        if code := codes().get(text.upper()):
            return code
        raise NotFoundError(text, get_close_matches(text.upper(), codes(), _NEAR, 0.9), "no finding has this code")
    if variable := _VARIABLE.fullmatch(text):
        text = f"{variable[1]}.{variable[2]}"
    match = _NAME.fullmatch(text)
    if match is None:
        raise NotFoundError(text, ())
    section, name = match["section"], match["setting"]
    if name is None:
        return _section_or_alone(tables, section)
    if setting := tables.find(section, name):
        _, subsection = gcfg.split_header(f"{section} {match['subsection'] or ''}")
        return Named(setting, subsection)
    raise NotFoundError(text, tables.nearest(section, name, _NEAR))


def _section_or_alone(tables: Tables, name: str) -> Topic:
    if section := tables.sections.get(name.lower()):
        return section
    alone = [setting for setting in tables if setting.name.lower() == name.lower()]
    if len(alone) == 1:
        return Named(alone[0], None)
    if alone:
        raise NotFoundError(name, [setting.key for setting in alone], "several sections have a setting of this name")
    words = {one.lower(): one for setting in tables for one in (setting.section, setting.name)}
    near = [words[word] for word in get_close_matches(name.lower(), words, _NEAR)]
    keys = [[setting.key for setting in tables if setting.name == one] or [one] for one in near]
    raise NotFoundError(name, [key for found in keys for key in found][:_NEAR])


def listed(tables: Tables, section: str = "", action: Action | None = None) -> list[Setting]:
    """Return the settings of all sections, or one, to which any of the rules does `action`. Raises NotFoundError."""
    if section and section.lower() not in tables.sections:
        words = {one.name.lower(): one.name for one in tables.sections.values()}
        raise NotFoundError(section, [words[word] for word in get_close_matches(section.lower(), words, _NEAR)])
    return [
        setting
        for setting in tables
        if (not section or setting.section.lower() == section.lower())
        and (action is None or action in actions(setting))
    ]


# facts in words --------------------------------------------------------------------------------------------------------


def kind(setting: Setting) -> str:
    """Return the type in words: `integer`, `string, several values`, `one of a, b`."""
    word = KINDS.get(setting.kind, setting.kind.value)
    if setting.values and setting.kind is Kind.ENUM:
        word = f"one of {', '.join(setting.values)}"
    return f"{word}, several values" if setting.multi else word


def facts(setting: Setting) -> Iterator[tuple[str, str]]:
    """Yield what is known of a setting besides where it goes, each with its name."""
    yield "type", kind(setting) if setting.multi else f"{kind(setting)}, one value"
    if setting.values and setting.kind is not Kind.ENUM:
        yield "values", ", ".join(setting.values)
    yield "default", setting.shown_default or "not known"
    if setting.secret:
        yield "secret", "yes" + (", and may be encrypted by rscadmin" if setting.encrypted else "")
    if setting.holds is not Holds.NOTHING:
        yield "names", _HOLDS[setting.holds] + (", whose content is a secret" if setting.holds_secret else "")
    if setting.since:
        yield "since", _since(setting)
    if setting.until:
        yield "until", f"Connect {setting.until}, which no longer knows it"
    yield "source", SOURCES[setting.source]
    if setting.link:
        yield "link", setting.link
    if setting.note:
        yield "note", setting.note
    yield "row", setting.origin


def _since(setting: Setting) -> str:
    first: Version | None = first_chart(setting.since)
    where = f"charts from {first} start it" if first else "no known chart starts it"
    return f"Connect {setting.since}{', perhaps earlier' if setting.since_at_latest else ''} ({where})"


def line(setting: Setting, tables: Tables) -> tuple[str, str, str, str]:
    """Return a setting for a list: its key, its type, what becomes of it in any chart, and where it goes in the newest."""
    word = KINDS.get(setting.kind, setting.kind.value)
    done = "/".join(action.value for action in actions(setting))
    return setting.key, word, done, place(setting, newest(setting), tables)


# data ------------------------------------------------------------------------------------------------------------------


def as_data(topic: Topic, tables: Tables) -> dict[str, object]:
    """Return a topic as JSON holds it."""
    match topic:
        case Code():
            return code_data(topic)
        case Section():
            settings = [setting_data(Named(setting, None), tables) for setting in topic.settings.values()]
            return {"section": topic.name, "subsection": topic.subsection.value, "settings": settings}
        case Named():
            return setting_data(topic, tables)


def code_data(code: Code) -> dict[str, object]:
    """Return a finding as JSON holds it."""
    return {
        "code": code.code,
        "level": str(code.level),
        "asks": code.asks.value,
        "title": code.title,
        "text": code.text,
    }


def setting_data(named: Named, tables: Tables) -> dict[str, object]:
    """Return a setting as JSON holds it; empty texts are null."""
    setting = named.setting
    return {
        "setting": setting.key,
        "section": setting.section,
        "subsection": setting.subsection.value,
        "description": setting.sentence or None,
        "type": setting.kind.value,
        "values": list(setting.values),
        "default": setting.default or None,
        "default_source": setting.default_source or None,
        "multi": setting.multi,
        "secret": setting.secret,
        "encrypted": setting.encrypted,
        "holds": setting.holds.value or None,
        "holds_secret": setting.holds_secret,
        "since": setting.since or None,
        "since_at_latest": setting.since_at_latest,
        "until": setting.until or None,
        "source": setting.source.value,
        "link": setting.link or None,
        "seen": setting.seen or None,
        "note": setting.note or None,
        "row": setting.origin,
        "becomes": [
            {
                "charts_from": str(one.span.since) if one.span.since else None,
                "charts_before": str(one.span.before) if one.span.before else None,
                "backend": one.backend.value if one.backend else None,
                **_rule_data(one.rule, named, tables),
            }
            for one in destinations(setting)
        ],
    }


def _rule_data(rule: Rule, named: Named, tables: Tables) -> dict[str, object]:
    return {
        "action": rule.action.value,
        "place": place(named.setting, rule, tables, named.subsection),
        "path": list(rule.to) or None,
        "setting": rule.setting or None,
        "reason": rule.reason or None,
        "todo": rule.todo or None,
        "finding": rule.finding or None,
        "link": rule.link or None,
        "row": rule.origin or None,
    }


def section_line(section: Section) -> str:
    """Return what a section is, in words."""
    count = len(section.settings)
    return f"{count} setting{'' if count == 1 else 's'}; {_SUBSECTIONS[section.subsection]}"
