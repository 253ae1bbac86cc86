"""Entries of all inputs gathered by setting, and which of them count, as Connect reads them.

Sections and names compare without case, subsections with. A setting with one value takes the last line; one with
several takes all, in order, from the last name without `=` on. The environment overrides whatever the files say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gcfg2helm import gcfg
from gcfg2helm.plan.context import Group
from gcfg2helm.plan.decisions import Located
from gcfg2helm.tables import Kind, Setting, Source, Subsection, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gcfg2helm.gcfg import Document

Key: TypeAlias = "tuple[str, str | None, str]"
Groups: TypeAlias = "dict[Key, Group]"


def key_of(header: str, name: str = "") -> Key:
    """Return a setting under the header of its section as Connect compares it."""
    section, subsection = gcfg.split_header(header)
    return gcfg.lower(section), subsection, gcfg.lower(name)


def group_entries(sources: Sequence[tuple[str, Document]], tables: Tables, environment: str = "") -> Groups:
    """Gather the entries of all sources, in order; `environment` is the name of the source that overrides the others."""
    groups: Groups = {}
    for file, document in sources:
        for entry in document.entries:
            key = gcfg.lower(entry.section), entry.subsection, gcfg.lower(entry.name)
            at = Located(file, entry)
            group = groups.get(key)
            if group is None:
                groups[key] = _new_group(at, tables)
            else:
                group.entries.append(at)
    for group in groups.values():
        group.live = _live(group, environment)
    return groups


def _new_group(at: Located, tables: Tables) -> Group:
    entry = at.entry
    section = tables.sections.get(entry.section.lower())
    setting = section.settings.get(entry.name.lower()) if section else None
    if section and setting and (entry.subsection is None or section.subsection is not Subsection.NO):
        return Group(setting, True, entry.subsection, [at])
    name = section.name if section else entry.section
    return Group(Setting(name, entry.name, source=Source.UNCONFIRMED), False, entry.subsection, [at])


def _live(group: Group, environment: str) -> list[Located]:
    entries = group.entries
    if environment and (overriding := [at for at in entries if at.file == environment]):
        return overriding[-1:]
    if len(entries) == 1 and (entries[0].entry.value is not None or not group.setting.multi):
        return entries
    if group.setting.surely_single and group.known:
        return entries[-1:]
    resets = [index for index, at in enumerate(entries) if at.entry.value is None]
    if resets and group.setting.kind is not Kind.BOOLEAN:
        kept = entries[resets[-1] + 1 :]
        return kept if kept or group.setting.multi else entries[-1:]
    return entries
