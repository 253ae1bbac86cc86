"""The rstudio-connect chart, as far as rstudio-connect.gcfg goes: its versions, its defaults, and what it would render."""

from gcfg2helm.chart.history import KUBERNETES_SINCE, NEWEST, OLDEST, app_version, defaults, knows, versions
from gcfg2helm.chart.model import Origin, Refused, Rendered
from gcfg2helm.chart.render import merge, render, sections

__all__ = [
    "KUBERNETES_SINCE",
    "NEWEST",
    "OLDEST",
    "Origin",
    "Refused",
    "Rendered",
    "app_version",
    "defaults",
    "knows",
    "merge",
    "render",
    "sections",
    "versions",
]
