"""The schema of `config`: every section and setting that the tables know, as the chart's Connect reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gcfg2helm.enums import Backend
from gcfg2helm.schema.kinds import a, any_case, as_gcfg, either, of_type
from gcfg2helm.tables import Action, Kind, Source, Subsection, types
from gcfg2helm.tables.model import APPENDIX
from gcfg2helm.values.tree import MISSING, find
from gcfg2helm.versions import Version

if TYPE_CHECKING:
    from gcfg2helm.chart import Chart
    from gcfg2helm.tables import Section, Setting, Tables

# The chart's templates read keys of these sections, and stop where the section is null.
_NEEDED = {"Launcher", "Kubernetes"}
_NAME = r' "(?:[^"\\]|\\.)+"'
_KINDS = {
    Kind.BOOLEAN: "setting-boolean",
    Kind.INTEGER: "setting-integer",
    Kind.DECIMAL: "setting-decimal",
    Kind.DURATION: "setting-duration",
    Kind.BYTESIZE: "setting-bytesize",
}
_ENFORCED = {Source.DOCS}  # elsewhere a list may leave something out: it is only suggested


def sections(chart: Chart, tables: Tables) -> dict[str, Any]:
    """Return the schema of `config` for a version of the chart."""
    own = chart.defaults.get("config")
    properties: dict[str, Any] = {}
    patterns: dict[str, Any] = {}
    for section in tables.sections.values():
        made = _section(section, chart)
        if section.subsection is not Subsection.REQUIRED:
            properties[section.name] = made
        if section.subsection is not Subsection.NO:
            patterns[f"^{re.escape(section.name)}{_NAME}$"] = made
    for header in own if isinstance(own, dict) else ():
        if " " in header:  # named sections of the chart's own, so that editors offer them
            properties[header] = {"description": "A section that the chart sets by default; null removes it."}
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": {
            "type": ["object", "null"],
            "description": "Not a section that gcfg2helm knows. Connect does not start with one that it does not"
            " know either; sections with a name of their own are written as 'LDAP \"name\"'.",
        },
    }


def _section(section: Section, chart: Chart) -> dict[str, Any]:
    """Return the schema of one section; null takes it out, where no template needs it."""
    return {
        "type": "object" if section.name in _NEEDED else ["object", "null"],
        "description": f"The section [{section.name}] of rstudio-connect.gcfg.\n{APPENDIX}#{section.name}",
        "properties": {one.name: _setting(one, chart) for one in section.settings.values()},
        "additionalProperties": {
            "type": ["string", "number", "boolean", "array", "null"],
            "description": f"Not a setting of [{section.name}] that gcfg2helm knows: look at its spelling and"
            " capitals. Connect does not start with a setting that it does not know.",
        },
    }


def _setting(setting: Setting, chart: Chart) -> dict[str, Any]:
    """Return the schema of one setting: what it is, what it may be, where more is said of it."""
    made: dict[str, Any] = {"description": _description(setting, chart), **_values(setting)}
    default = _default(setting, chart)
    if default is not MISSING:
        made["default"] = default
    if setting.values and not _enforced(setting):
        made["examples"] = list(setting.values)
    if why := _refusal(setting, chart):
        made |= {"deprecated": True, "deprecationMessage": why}
    elif setting.rule(chart.version, Backend.LAUNCHER).action is Action.RENAME:
        made |= {"deprecated": True, "doNotSuggest": True}
    known = {"since": setting.since, "until": setting.until, "secret": setting.secret}
    return made | {f"x-{name}": value for name, value in known.items() if value}


def _description(setting: Setting, chart: Chart) -> str:
    lines = [setting.sentence]
    if setting.secret:
        lines.append("A secret: config ends in a ConfigMap, so give it through pod.env or a second values file.")
    if setting.shown_default:
        lines.append(f"Connect's default: {setting.shown_default}.")
    if setting.since:
        lines.append(f"Since Connect {setting.since}{' or earlier' if setting.since_at_latest else ''}.")
    rule = setting.rule(chart.version, Backend.LAUNCHER)
    if rule.action is not Action.CARRY:
        lines.append(f"In this chart: {rule.reason}")
    if setting.note:
        lines.append(setting.note)
    if setting.link:
        lines.append(setting.link)
    return "\n".join(lines)


def _enforced(setting: Setting) -> bool:
    return setting.kind is Kind.ENUM and setting.source in _ENFORCED


def _values(setting: Setting) -> dict[str, Any]:
    """Return what may be there: one value, or a list of them where the setting may be repeated."""
    if setting.values and _enforced(setting):
        one = either({"enum": [*setting.values, None]}, as_gcfg("|".join(map(any_case, setting.values))))
    else:
        kind = _KINDS.get(setting.kind, "setting-string")
        return a(kind if setting.surely_single else f"{kind}-or-list")
    if setting.surely_single:
        return one
    return either(one, of_type("array", items=one))


def _default(setting: Setting, chart: Chart) -> Any:
    """Return what counts where the values are silent: the chart's default, else Connect's; MISSING where unsure."""
    own = find(chart.defaults.get("config"), (setting.section, setting.name))
    if own is not MISSING:
        return own
    if not setting.default or setting.default_source == "unconfirmed":
        return MISSING
    if setting.kind in (Kind.BOOLEAN, Kind.INTEGER):
        read = types.meaning(setting.kind, setting.default)
        return read if isinstance(read, (bool, int)) else MISSING
    return setting.default


def _refusal(setting: Setting, chart: Chart) -> str:
    """Return why this chart's Connect does not start with the setting; empty where it does, or where that is not known."""
    connect = Version.parse(chart.app_version)
    if setting.since and not setting.since_at_latest and Version.parse(setting.since) > connect:
        return f"Connect {chart.app_version} does not know it yet: it came with {setting.since}."
    if setting.until and Version.parse(setting.until) <= connect:
        rule = setting.rule(chart.version, Backend.LAUNCHER)
        return f"Connect {chart.app_version} no longer knows it. {rule.reason}".strip()
    return ""
