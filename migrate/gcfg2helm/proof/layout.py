"""What the values say the rendered configuration must consist of: each key of the tree with the lines that it prints."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gcfg2helm import chart as charts
from gcfg2helm import gcfg
from gcfg2helm.chart import managed, template
from gcfg2helm.plan.grouping import key_of
from gcfg2helm.values.scalars import printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gcfg2helm.plan.decisions import Plan
    from gcfg2helm.plan.grouping import Groups, Key
    from gcfg2helm.values.tree import Path, Tree

_PLAIN_SECTION = re.compile(r'[A-Za-z][A-Za-z0-9-]*(?: "[^"\\\r\n\0]+")?')
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_NOT_PLAIN = re.compile(r'[\r\n"\\\0\ufeff]')


class Layout(NamedTuple):
    """`managed`: what the chart writes, as Connect reads it; `slipped`: those of its keys that are defaults for a section
    of the admin's; `nulls`: keys that print an empty value for want of a default; `lines`: how many each key prints;
    `broken`: keys that print other lines than their own, and why.
    """

    managed: Mapping[Key, list[str]]
    slipped: frozenset[Key]
    nulls: frozenset[Key]
    lines: Mapping[Key, int]
    broken: tuple[tuple[Path, str], ...]


def of(plan: Plan, values: Mapping[str, Tree], entries: Groups) -> Layout:
    """Lay out what a chart prints for the user's values, all files merged in Helm's order.

    Of a chart that the tables do not know, what the rendered `entries` hold besides `config` is what it writes itself.
    """
    full = charts.merge(plan.chart.defaults, values)
    if not plan.chart.known:
        return _seen(full.get("config"), entries)
    try:
        written, sections = charts.sections(plan.chart, full, release=plan.release, namespace=plan.namespace)
    except template.Stop:
        return Layout({}, frozenset(), frozenset(), {}, ())
    own = {key_of(section, name): _texts(value) for section, keys in written.items() for name, value in keys.items()}
    slipped = frozenset(key_of(section, name) for section, keys in managed.slipped(written).items() for name in keys)
    return _laid_out(sections, own, slipped)


def _seen(config: Tree, entries: Groups) -> Layout:
    made = _laid_out(config if isinstance(config, dict) else {}, {}, frozenset())
    groups = {key: group for key, group in entries.items() if key not in made.lines}
    return made._replace(
        managed={key: group.values for key, group in groups.items()},
        slipped=frozenset(key for key in groups if not managed.of_the_chart(key[0])),
        lines={**made.lines, **{key: len(group.entries) for key, group in groups.items()}},
    )


def _laid_out(sections: Mapping[str, Tree], own: Mapping[Key, list[str]], slipped: frozenset[Key]) -> Layout:
    lines: Counter[Key] = Counter()
    nulls: set[Key] = set()
    broken: list[tuple[Path, str]] = []
    for section, name, value in _leaves(sections):
        key = key_of(section, name)
        if value is None:
            nulls.add(key)
        count = len(value) if isinstance(value, list) else 1
        lines[key] += count
        if why := _broken(section, name, value, count):
            broken.append((("config", section, name), why))
    broken += [
        (("config", section), "is not a section of settings.") for section in sections if not _is_map(sections[section])
    ]
    return Layout(own, slipped, frozenset(nulls), +lines, tuple(broken))


def _is_map(node: Tree) -> bool:
    return isinstance(node, dict) or not node


def _leaves(sections: Mapping[str, Tree]) -> Iterator[tuple[str, str, Tree]]:
    for section, keys in sections.items():
        for name, value in keys.items() if isinstance(keys, dict) else ():
            yield section, name, value


def _texts(value: Tree) -> list[str]:
    """Return what Connect reads from a value that the chart writes; nothing where it cannot be read."""
    texts = []
    for item in value if isinstance(value, list) else [value]:
        try:
            texts += [one.value or "" for one in gcfg.parse(f"[S]\nk = {_printed(item)}\n").entries]
        except gcfg.GcfgError:
            return []
    return texts


def _printed(item: Tree) -> str:
    return "" if item is None else printed(item)


def _broken(section: str, name: str, value: Tree, count: int) -> str:
    """Return why a key does not print exactly its own lines; empty where it does."""
    texts = [_printed(item) for item in (value if isinstance(value, list) else [value])]
    plain = _PLAIN_SECTION.fullmatch(section) and _PLAIN_NAME.fullmatch(name)
    if plain and not any(map(_NOT_PLAIN.search, texts)):
        return ""
    if any("\n" in text for text in (section, name, *texts)):
        return "holds a line break, which starts lines of their own in the rendered file."
    try:
        document = gcfg.parse(template.ini({section: {name: value}}))
    except (gcfg.GcfgError, template.Stop):
        return "cannot be read once the chart has printed it."
    head, subsection = gcfg.split_header(section)
    heads = [(one.section, one.subsection) for one in document.headers]
    names = {entry.name for entry in document.entries}
    if heads != [(head, subsection)] or len(document.entries) != count or not names <= {name}:
        return "is read differently from how it is written."
    return ""
