"""The answers of `explain` for a terminal and as Markdown."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.findings import Code
from gcfg2helm.report import topics
from gcfg2helm.report.destinations import ANY_NAME, destinations, in_second_file, place
from gcfg2helm.report.markdown import cell, table_lines
from gcfg2helm.report.text import clipped, paint
from gcfg2helm.tables import Section, Subsection
from gcfg2helm.values.write import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gcfg2helm.report.destinations import Destination
    from gcfg2helm.report.topics import Named, Topic
    from gcfg2helm.tables import Setting, Tables

_INDENT = "  "
_NAMES = 9  # columns for the names of facts
_COLUMNS = ("setting", "what it is", "type", "default", "becomes", "reason", "source")


def text(topic: Topic, tables: Tables, width: int, *, colour: bool) -> Iterator[str]:
    """Yield the lines about a topic."""
    match topic:
        case Code():
            yield paint(f"{topic.code} ({topic.level}, {topic.asks}): {topic.title}", "bold", on=colour)
            yield from _wrapped(topic.text, width, _INDENT, _INDENT)
        case Section():
            yield paint(f"[{_header(topic)}]: {topics.section_line(topic)}", "bold", on=colour)
            yield from listing(list(topic.settings.values()), tables, width)
        case _:
            yield from _setting(topic, tables, width, colour=colour)


def _header(section: Section) -> str:
    return gcfg.header(section.name, ANY_NAME if section.subsection is Subsection.REQUIRED else None)


def _setting(named: Named, tables: Tables, width: int, *, colour: bool) -> Iterator[str]:
    setting = named.setting
    yield paint(visible(gcfg.header(setting.section, named.subsection) + f".{setting.name}"), "bold", on=colour)
    yield from _wrapped(setting.sentence, width, _INDENT, _INDENT)
    for name, fact in topics.facts(setting):
        yield from _wrapped(fact, width, f"{_INDENT}{name:<{_NAMES}}", " " * (len(_INDENT) + _NAMES))
    yield ""
    for one in destinations(setting):
        where = f"{one.rule.action.value}: {place(setting, one.rule, tables, named.subsection)}"
        yield (f"{one.when}: " if one.when else "") + paint(visible(where), "cyan", on=colour)
        yield from _wrapped(one.rule.reason or _as_it_is(named, tables), width, _INDENT, _INDENT)
        if one.rule.todo:
            yield from _wrapped(one.rule.todo, width, f"{_INDENT}-> ", f"{_INDENT}   ")
        if one.rule.finding:
            yield f"{_INDENT}finding {one.rule.finding}"
        if one.rule.link:
            yield f"{_INDENT}{one.rule.link}"


def _as_it_is(named: Named, tables: Tables) -> str:
    """Return why a setting goes where no row says otherwise; of a secret, where in the cluster it can be read."""
    setting = named.setting
    if not setting.secret:
        return "It stays as it is."
    file = tables.setting(f"{setting.key}File")
    instead = f"set {file.name} in its place" if file else "leave it out"
    exposed = (
        "In the cluster the second values file ends in the ConfigMap all the same, which is what the chart offers. To avoid "
        f"that, {instead}, or restrict who may read ConfigMaps in the namespace."
    )
    if in_second_file(setting, named.subsection):
        return f"A secret: it leaves values.yaml. {exposed}"
    hidden = "A secret: it leaves values.yaml for a Secret; no ConfigMap holds it."
    if setting.subsection is Subsection.OPTIONAL:
        return f"{hidden} In a section with a name it goes into the second values file. {exposed}"
    return hidden


def _wrapped(words: str, width: int, start: str, rest: str) -> list[str]:
    """Return a text in lines; links and names stay whole."""
    return textwrap.wrap(
        words,
        max(width, 40),
        initial_indent=start,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def listing(settings: Sequence[Setting], tables: Tables, width: int) -> Iterator[str]:
    """Yield one line for each setting: name, type, what becomes of it, where it goes."""
    rows = [topics.line(setting, tables) for setting in settings]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        start = "  ".join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=False))
        yield clipped(f"{start}  {row[3]}", max(width, sum(widths) + 20))


def finding_listing(codes: Iterable[Code], width: int) -> Iterator[str]:
    """Yield one line for each finding."""
    for code in codes:
        yield clipped(f"{code.code}  {code.level!s:<7}  {code.asks!s:<12}  {code.title}", width)


# Markdown --------------------------------------------------------------------------------------------------------------


def markdown(topic: Topic, tables: Tables) -> Iterator[str]:
    """Yield the lines about a topic as Markdown."""
    match topic:
        case Code():
            yield from code_markdown(topic)
        case Section():
            yield from section_markdown(topic, tables)
        case _:
            setting = topic.setting
            yield f"## {setting.key}"
            yield ""
            if setting.description:
                yield cell(setting.sentence)
                yield ""
            yield from (f"- {name}: {cell(fact)}" for name, fact in topics.facts(setting))
            yield ""
            yield from table_lines(["charts", "action", "becomes", "reason"], _destinations(topic, tables))


def _destinations(named: Named, tables: Tables) -> Iterator[list[str]]:
    for one in destinations(named.setting):
        where = place(named.setting, one.rule, tables, named.subsection)
        why = _why(one) or (cell(_as_it_is(named, tables)) if named.setting.secret else "")
        yield [one.when or "all", one.rule.action.value, _code(where), why]


def code_markdown(code: Code) -> Iterator[str]:
    """Yield a finding as Markdown."""
    yield f"## {code.code}: {code.title}"
    yield ""
    yield f"Level: {code.level}. Asks: {code.asks}. {code.text}"


def section_markdown(section: Section, tables: Tables) -> Iterator[str]:
    """Yield a section with a table of its settings."""
    yield f"## {section.name}"
    yield ""
    yield f"`[{_header(section)}]`: {topics.section_line(section)}."
    yield ""
    yield from table_lines(_COLUMNS, (_row(setting, tables) for setting in section.settings.values()))


def keys_table(settings: Iterable[Setting], tables: Tables) -> Iterator[str]:
    """Yield a table with one row for each setting, under its whole name."""
    yield from table_lines(_COLUMNS, ([setting.key, *_row(setting, tables)[1:]] for setting in settings))


def _row(setting: Setting, tables: Tables) -> list[str]:
    goes, whys = [], []
    for one in destinations(setting):
        start = f"{one.when}: " if one.when else ""
        goes.append(start + _code(place(setting, one.rule, tables)))
        whys.append(_why(one))
    becomes, reason = "<br>".join(goes), "<br>".join(dict.fromkeys(why for why in whys if why))
    known = [cell(words) for words in (setting.sentence, topics.kind(setting), setting.default)]
    return [setting.name, *known, becomes, reason, _source(setting)]


def _source(setting: Setting) -> str:
    """Return where the knowledge comes from, linked where the link is nothing but one."""
    linked = setting.link and " " not in setting.link
    return f"[{setting.source.value}]({setting.link})" if linked else setting.source.value


def _why(one: Destination) -> str:
    return cell(" ".join(part for part in (one.rule.reason, one.rule.todo) if part))


def _code(where: str) -> str:
    """Return a path in the values as code; what is no path as it is."""
    path, _, rest = where.partition(" in the second")
    if rest or " " not in path or path.startswith("config."):
        return f"`{cell(path)}`" + (f" in the second{rest}" if rest else "")
    return cell(where)
