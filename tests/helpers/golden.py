"""Goldens that a new version of the chart leaves alone: they do not hold the newest version's number, nor its Connect's."""

from __future__ import annotations

from gcfg2helm import chart

CHART = "{newest chart}"
CONNECT = "{its Connect}"


def unversioned(text: str) -> str:
    """Return a text with names in place of the numbers of the newest known chart and of the Connect it installs."""
    return text.replace(str(chart.NEWEST), CHART).replace(chart.app_version(chart.NEWEST), CONNECT)
