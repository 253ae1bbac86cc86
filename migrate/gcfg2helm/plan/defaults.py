"""What becomes of a default of the chart where the gcfg is silent; the plan and the proof ask here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gcfg2helm import gcfg
from gcfg2helm.plan import connect as connects
from gcfg2helm.tables import DefaultRule, Fate
from gcfg2helm.versions import Span, Version

if TYPE_CHECKING:
    from collections.abc import Container

    from gcfg2helm.chart import Chart
    from gcfg2helm.tables import Setting, Tables
    from gcfg2helm.values.tree import Path


def rule(tables: Tables, chart: Chart, connect: Version | None, path: Path) -> DefaultRule | None:
    """Return the row for a default, `path` below `config`: the most exact one; None where no row names it.

    A setting that the Connect which reads it does not know yet goes whatever the row says: Connect would not start.
    """
    setting = tables.find(gcfg.split_header(path[0])[0], path[1]) if len(path) > 1 else None
    if setting is not None and too_new(setting, chart, connect):
        return DefaultRule(path, Fate.RESET, Span(), f"Connect {connect} does not know it and would not start.", "")
    rows = [row for row in tables.defaults if chart.version in row.span and path[: len(row.path)] == row.path]
    return max(rows, key=lambda row: len(row.path), default=None)


def too_new(setting: Setting, chart: Chart, connect: Version | None) -> bool:
    """Whether a Connect other than the chart's own does not know a setting yet that the chart's own knows."""
    own = connects.version(chart.app_version)
    if not setting.since or setting.since_at_latest or connect is None or own is None:
        return False
    return connect < Version.parse(setting.since) <= own


def unlisted(path: Path, config: Container[str]) -> DefaultRule:
    """Return what becomes of a default that no row names, such as one of a chart newer than the tables: it goes.

    Of a section with a name the whole goes, since its header alone means something; of others the settings, since templates
    stop at a section that is null.
    """
    named = gcfg.split_header(path[0])[1] is not None and path[0] not in config
    return DefaultRule(path[:1] if named else path, Fate.RESET, Span(), "The server did not have it.", "")
