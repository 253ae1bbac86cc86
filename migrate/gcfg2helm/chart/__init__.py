"""The rstudio-connect chart, as far as rstudio-connect.gcfg goes: its versions, its defaults, and what it would render."""

from gcfg2helm.chart.history import (
    KUBERNETES_SINCE,
    NEWEST,
    OLDEST,
    app_version,
    at_most,
    defaults,
    described,
    in_order,
    known,
    knows,
    newest,
    news,
    paths,
    takes_any_key,
    versions,
)
from gcfg2helm.chart.model import Chart, Origin, Refused, Rendered
from gcfg2helm.chart.render import merge, render, sections

__all__ = [
    "KUBERNETES_SINCE",
    "NEWEST",
    "OLDEST",
    "Chart",
    "Origin",
    "Refused",
    "Rendered",
    "app_version",
    "at_most",
    "defaults",
    "described",
    "in_order",
    "known",
    "knows",
    "merge",
    "newest",
    "news",
    "paths",
    "render",
    "sections",
    "takes_any_key",
    "versions",
]
